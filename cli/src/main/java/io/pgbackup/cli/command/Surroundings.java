package io.pgbackup.cli.command;

import io.pgbackup.config.BrokerSettings;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;
import java.util.function.Function;

/// What a command finds around it; tests bring their own.
///
/// @param local the zone in which times are shown beside UTC
/// @param brokerages who issues credentials
public record Surroundings(
    Map<String, String> environment,
    Clock clock,
    ZoneId local,
    Prompt prompt,
    Function<BrokerSettings, Brokerage> brokerages) {
  public Surroundings {
    environment = Map.copyOf(environment);
  }

  public Surroundings(Map<String, String> environment, Clock clock, ZoneId local, Prompt prompt) {
    this(environment, clock, local, prompt, Brokerage::open);
  }

  public static Surroundings ofThisProcess() {
    return new Surroundings(
        System.getenv(), Clock.systemUTC(), ZoneId.systemDefault(), Prompt.ofThisProcess());
  }
}
