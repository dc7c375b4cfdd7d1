package io.pgbackup.cli.command;

import java.time.Clock;
import java.time.ZoneId;
import java.util.Map;

/// What a command finds around it; tests bring their own.
///
/// @param local the zone in which times are shown beside UTC
public record Surroundings(
    Map<String, String> environment, Clock clock, ZoneId local, Prompt prompt) {
  public Surroundings {
    environment = Map.copyOf(environment);
  }

  public static Surroundings ofThisProcess() {
    return new Surroundings(
        System.getenv(), Clock.systemUTC(), ZoneId.systemDefault(), Prompt.ofThisProcess());
  }
}
