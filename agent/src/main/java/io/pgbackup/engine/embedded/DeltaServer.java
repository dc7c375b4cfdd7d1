package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.jdbc.ServerFacts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/// The server that a delta is to be taken of, compared with what its parent was taken of.
record DeltaServer(ServerFacts facts, Path dataDirectory) {
  /// The line of `postmaster.pid` that says when the server was started, in seconds since 1970
  /// (utils/pidfile.h).
  private static final int START_LINE = 2;

  Timeline timeline() {
    return facts.timeline();
  }

  /// Positions of pages can be compared only where WAL has written every change of a page, and the
  /// page itself was not rewritten: `pg_checksums` does that and leaves the position.
  void requireSamePages(ControlFile parent, BackupName name) {
    if (!parent.systemIdentifier().equals(facts.systemIdentifier())) {
      throw DeltaChoice.refused(
          "%s is of system identifier %s, and the server of %s"
              .formatted(name, parent.systemIdentifier(), facts.systemIdentifier()));
    }
    if (parent.checksums() != facts.dataChecksums()) {
      throw DeltaChoice.refused(
          "page checksums were switched %s since %s"
              .formatted(facts.dataChecksums() ? "on" : "off", name));
    }
    if (facts.blockSize() != PageHeader.PAGE) {
      throw DeltaChoice.refused(
          "the server's pages have %d bytes, and WAL-G's deltas know only %d"
              .formatted(facts.blockSize(), PageHeader.PAGE));
    }
  }

  /// A position means the same on two timelines only before they part.
  ///
  /// @param finish where the parent ended
  void requireSameHistory(BackupName parent, Lsn finish) {
    Timeline old = parent.timeline();
    if (!old.equals(timeline()) && !history().contains(old, finish)) {
      throw DeltaChoice.refused(
          "%s ended at %s on timeline %s, which the server's timeline %s does not come from"
              .formatted(parent, finish, old, timeline()));
    }
  }

  private TimelineHistory history() {
    String name = timeline().toHex() + ".history";
    try {
      return TimelineHistory.parse(
          timeline(),
          Files.readString(
              dataDirectory.resolve("pg_wal").resolve(name), StandardCharsets.ISO_8859_1));
    } catch (IOException | IllegalArgumentException e) {
      throw DeltaChoice.refused(
          "%s cannot be read, which tells where the server's timeline began: %s"
              .formatted(name, e.getMessage()));
    }
  }

  /// Whether it has run without a break since before then.
  boolean hasRunSince(Instant moment) {
    try {
      List<String> lines = Files.readAllLines(dataDirectory.resolve("postmaster.pid"));
      return Instant.ofEpochSecond(Long.parseLong(lines.get(START_LINE).strip()) + 1)
          .isBefore(moment);
    } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
      return false;
    }
  }
}
