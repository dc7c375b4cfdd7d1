package io.pgbackup.agent;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import io.pgbackup.postgres.jdbc.ServerFacts;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// What servers say, for tests without one.
final class Servers {
  static final SystemIdentifier IDENTIFIER = new SystemIdentifier(7_560_000_000_000_000_000L);

  private Servers() {}

  static Optional<ServerWatch.Seen> primary() {
    return primary(IDENTIFIER, Timeline.FIRST);
  }

  static Optional<ServerWatch.Seen> primary(SystemIdentifier identifier, Timeline timeline) {
    return Optional.of(seen(identifier, timeline, false));
  }

  /// A primary with WAL that its archiver has not got rid of.
  static Optional<ServerWatch.Seen> behind(ArchiverStats.Waiting oldest, Lsn end, Instant at) {
    ServerWatch.Seen idle = seen(IDENTIFIER, Timeline.FIRST, false);
    return Optional.of(
        new ServerWatch.Seen(
            idle.facts(),
            new ArchiverStats(
                Optional.empty(),
                Optional.empty(),
                0,
                0,
                end,
                WalSegment.containing(Timeline.FIRST, end, WalSegmentSize.DEFAULT),
                Optional.of(oldest),
                1,
                at)));
  }

  static Optional<ServerWatch.Seen> standby() {
    return Optional.of(seen(IDENTIFIER, Timeline.FIRST, true));
  }

  private static ServerWatch.Seen seen(
      SystemIdentifier identifier, Timeline timeline, boolean inRecovery) {
    Lsn lsn = Lsn.parse("0/3000100");
    return new ServerWatch.Seen(
        new ServerFacts(
            new ServerVersion(180006),
            identifier,
            WalSegmentSize.DEFAULT,
            timeline,
            inRecovery,
            Path.of("/data"),
            true,
            "on",
            "true",
            "",
            Duration.ofMinutes(1),
            8192,
            131072),
        new ArchiverStats(
            Optional.empty(),
            Optional.empty(),
            0,
            0,
            lsn,
            WalSegment.containing(timeline, lsn, WalSegmentSize.DEFAULT),
            Optional.empty(),
            0,
            Instant.EPOCH));
  }
}
