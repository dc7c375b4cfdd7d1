package io.pgbackup.agent;

import java.time.Duration;

/// How often the agent looks around.
///
/// @param server between two questions to PostgreSQL
/// @param archive between two listings of the archive, unless they take long
record Pace(Duration server, Duration archive) {
  static final Pace DEFAULT = new Pace(Duration.ofSeconds(10), Duration.ofSeconds(20));
}
