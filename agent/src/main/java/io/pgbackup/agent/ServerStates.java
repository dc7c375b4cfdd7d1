package io.pgbackup.agent;

import io.pgbackup.lineage.ServerState;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Learns what the search for a lineage wants to know, from a server that answers or, while it does
/// not, from its files: a standby that needs WAL from the archive before it accepts connections
/// would otherwise never get any.
final class ServerStates {
  private ServerStates() {}

  static ServerState running(ServerFacts facts, Path dataDirectory) {
    return new ServerState(
        facts.systemIdentifier(),
        facts.version(),
        facts.segmentSize(),
        history(dataDirectory, facts.timeline()),
        facts.inRecovery());
  }

  /// Such a server joins a lineage and never founds one, so it counts as being in recovery.
  static ServerState stopped(Path dataDirectory) {
    try {
      ControlFile control =
          ControlFile.parse(Files.readAllBytes(dataDirectory.resolve(ControlFile.PATH)));
      String major = Files.readString(dataDirectory.resolve("PG_VERSION")).strip();
      return new ServerState(
          control.systemIdentifier(),
          new ServerVersion(Integer.parseInt(major) * 10_000),
          control.segmentSize(),
          history(dataDirectory, control.timeline()),
          true);
    } catch (IOException | IllegalArgumentException e) {
      throw Problem.postgresFailed(
              "the data directory %s cannot be read: %s".formatted(dataDirectory, e.getMessage()),
              "Check postgres.dataDirectory, and that this user may read it.")
          .causedBy(e);
    }
  }

  static Path historyFile(Path dataDirectory, Timeline timeline) {
    return dataDirectory.resolve("pg_wal").resolve(timeline.toHex() + ".history");
  }

  private static TimelineHistory history(Path dataDirectory, Timeline timeline) {
    try {
      return TimelineHistory.parse(
          timeline, Files.readString(historyFile(dataDirectory, timeline)));
    } catch (NoSuchFileException _) {
      return TimelineHistory.root(timeline);
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "%s cannot be read: %s"
                  .formatted(historyFile(dataDirectory, timeline), e.getMessage()),
              "Check postgres.dataDirectory, and that this user may read it.")
          .causedBy(e);
    }
  }
}
