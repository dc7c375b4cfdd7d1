package io.pgbackup.cli.command;

import io.pgbackup.config.BrokerSettings;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/// What a command finds around it; tests bring their own.
///
/// @param zone the zone in which times are shown beside UTC; to know that of this process, the JVM
///   looks into every jar
/// @param brokerages who issues credentials
public record Surroundings(
    Map<String, String> environment,
    Clock clock,
    Supplier<ZoneId> zone,
    Prompt prompt,
    Function<BrokerSettings, Brokerage> brokerages) {
  public Surroundings {
    environment = Map.copyOf(environment);
  }

  public Surroundings(
      Map<String, String> environment, Clock clock, Supplier<ZoneId> zone, Prompt prompt) {
    this(environment, clock, zone, prompt, Brokerage::open);
  }

  public static Surroundings ofThisProcess() {
    return new Surroundings(
        System.getenv(), Clock.systemUTC(), ZoneId::systemDefault, Prompt.ofThisProcess());
  }

  ZoneId local() {
    return zone.get();
  }
}
