package io.pgbackup.cli.view;

import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.ProblemView;
import io.pgbackup.status.StatusSnapshot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an agent may say.
public final class Statuses {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");

  private Statuses() {}

  /// Everything well, a run under way.
  public static StatusSnapshot healthy() {
    return healthy(Optional.empty());
  }

  /// The same with wal-g for everything.
  public static StatusSnapshot drivingWalg() {
    return healthy(
        Optional.of(
            new StatusSnapshot.Engines(
                "wal-g",
                "wal-g",
                Optional.of("v3.0.9"),
                Optional.of(2L),
                Optional.of(52L << 20),
                List.of("Base backups by wal-g have no manifest."))));
  }

  private static StatusSnapshot healthy(Optional<StatusSnapshot.Engines> engines) {
    return new StatusSnapshot(
        NOW,
        "0.1.0",
        new StatusSnapshot.Cluster("shop", "orders"),
        Optional.of("0b8f"),
        Optional.of("pgbackup/shop/orders/0b8f/18"),
        new StatusSnapshot.Server(
            true,
            Optional.of("18.6"),
            Optional.of("primary"),
            Optional.of("7560000000000000000"),
            Optional.of(1L),
            Optional.of("0/5000060"),
            Optional.of(true)),
        new StatusSnapshot.Storage("s3://backups", Map.of("list", true, "write", true)),
        engines,
        Optional.of(1),
        Optional.of(
            new StatusSnapshot.Backup(
                "base_000000010000000000000002",
                NOW.minusSeconds(7500),
                NOW.minusSeconds(7200),
                "0/2000028",
                "0/2000120",
                1,
                30_000_000,
                10_000_000)),
        Optional.of(
            new BackupRunView(
                "7f",
                BackupRunView.State.COPYING,
                Optional.of("base_000000010000000000000009"),
                NOW.minusSeconds(4),
                Optional.empty(),
                120,
                25_165_824,
                Optional.empty())),
        Optional.empty(),
        List.of(
            new StatusSnapshot.Window(
                NOW.minusSeconds(7200), NOW.minusMillis(1250), "base_000000010000000000000002", 1)),
        List.of(),
        Optional.of(NOW.minusMillis(1250)),
        Optional.empty(),
        Optional.of(NOW),
        new StatusSnapshot.Archive(
            true,
            "/run/pgbackup/archive.sock",
            Optional.of(0.0),
            Optional.of(96L),
            Optional.of("000000010000000000000008"),
            Optional.of(NOW.minusSeconds(9)),
            4,
            0,
            0,
            0,
            Optional.empty(),
            Optional.empty()),
        new StatusSnapshot.Schedule(true, "0 2 * * *", "UTC", Optional.of(NOW.plusSeconds(75600))),
        Optional.of(new StatusSnapshot.Configuration(NOW.minusSeconds(7200), Optional.empty())),
        List.of(),
        Optional.empty(),
        Optional.empty());
  }

  /// The store is away, nothing was ever backed up, PostgreSQL does not answer.
  public static StatusSnapshot inTrouble() {
    return new StatusSnapshot(
        NOW,
        "0.1.0",
        new StatusSnapshot.Cluster("shop", "orders"),
        Optional.empty(),
        Optional.empty(),
        new StatusSnapshot.Server(
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        new StatusSnapshot.Storage("s3://backups", Map.of("list", false)),
        Optional.empty(),
        Optional.of(0),
        Optional.empty(),
        Optional.empty(),
        Optional.of(
            new BackupRunView(
                "7e",
                BackupRunView.State.FAILED,
                Optional.empty(),
                NOW.minusSeconds(60),
                Optional.of(NOW.minusSeconds(50)),
                0,
                0,
                Optional.of(new ProblemView("storage", "connection refused", Optional.empty())))),
        List.of(),
        List.of(
            new StatusSnapshot.Gap(
                "000000010000000000000004", "000000010000000000000005", "closed")),
        Optional.empty(),
        Optional.of(NOW.minusSeconds(86_400)),
        Optional.empty(),
        new StatusSnapshot.Archive(
            true,
            "/run/pgbackup/archive.sock",
            Optional.of(125.2),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            0,
            7,
            1,
            0,
            Optional.empty(),
            Optional.empty()),
        new StatusSnapshot.Schedule(false, "0 2 * * *", "UTC", Optional.empty()),
        Optional.of(
            new StatusSnapshot.Configuration(
                NOW.minusSeconds(7200), Optional.of("configuration has 1 problem"))),
        List.of(
            new StatusSnapshot.StandingProblem(
                "storage",
                NOW.minusSeconds(60),
                new ProblemView(
                    "storage",
                    "s3://backups does not answer: connection refused",
                    Optional.of("PostgreSQL keeps its WAL until the store is back.")))),
        Optional.empty(),
        Optional.empty());
  }
}
