package io.pgbackup.page;

import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.ProblemView;
import io.pgbackup.status.StatusSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an agent might know.
final class Snapshot {
  static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final long DAY = 86_400;

  boolean reachable = true;
  boolean archiving = true;
  boolean read = true;
  List<StatusSnapshot.Window> windows =
      List.of(window(-13 * DAY, -9 * DAY, 1), window(-8 * DAY, -2, 2));
  List<StatusSnapshot.Gap> gaps = List.of();
  List<StatusSnapshot.StandingProblem> problems = List.of();
  Optional<BackupRunView> running =
      Optional.of(
          new BackupRunView(
              "7f",
              BackupRunView.State.COPYING,
              Optional.of("base_000000020000000000000109"),
              NOW.minusSeconds(95),
              Optional.empty(),
              4120,
              40L << 30,
              Optional.empty()));

  static StatusSnapshot.Window window(long from, long to, long timeline) {
    return new StatusSnapshot.Window(
        NOW.plusSeconds(from), NOW.plusSeconds(to), "base_000000010000000000000002", timeline);
  }

  static StatusSnapshot.StandingProblem problem(String message) {
    return new StatusSnapshot.StandingProblem(
        "storage",
        NOW.minusSeconds(60),
        new ProblemView("storage", message, Optional.of("PostgreSQL keeps its WAL until then.")));
  }

  static List<StatusSnapshot.Backup> backups() {
    List<StatusSnapshot.Backup> backups = new ArrayList<>();
    for (int day = 0; day < 14; day++) {
      Instant finish = NOW.minusSeconds(day * DAY + 10_000);
      boolean delta = day % 7 != 6;
      backups.add(
          new StatusSnapshot.Backup(
              "base_0000000200000000000001%02X%s"
                  .formatted(90 - day, delta ? "_D_000000020000000000000120" : ""),
              finish.minusSeconds(300),
              finish,
              "1/2000028",
              "1/2000120",
              day < 8 ? 2 : 1,
              100L << 30,
              (delta ? 2L : 31L) << 30,
              proof(day),
              day == 3 ? Optional.of(2L) : Optional.of(0L)));
    }
    return backups;
  }

  private static Optional<StatusSnapshot.Proof> proof(int day) {
    return day == 2 || day == 9
        ? Optional.of(new StatusSnapshot.Proof(NOW.minusSeconds(day * DAY), day == 2, "drill-host"))
        : Optional.empty();
  }

  StatusSnapshot taken() {
    return new StatusSnapshot(
        NOW,
        "0.1.0",
        new StatusSnapshot.Cluster("shop", "orders"),
        Optional.of("0b8f6a52-6d1e-4c57-9d43-0e4b1d1f7a11"),
        Optional.of("pgbackup/shop/orders/0b8f6a52-6d1e-4c57-9d43-0e4b1d1f7a11/18"),
        new StatusSnapshot.Server(
            reachable,
            Optional.of("18.6"),
            Optional.of("primary"),
            Optional.of("7560000000000000000"),
            Optional.of(2L),
            Optional.of("1/5000060"),
            Optional.of(true)),
        new StatusSnapshot.Storage("s3://backups", Map.of("list", true, "write", true)),
        Optional.empty(),
        Optional.of(40),
        Optional.of(backups().getFirst()),
        running,
        Optional.empty(),
        windows,
        gaps,
        windows.stream().map(StatusSnapshot.Window::end).max(Instant::compareTo),
        Optional.empty(),
        read ? Optional.of(NOW) : Optional.empty(),
        new StatusSnapshot.Archive(
            archiving,
            "/run/pgbackup/archive.sock",
            Optional.of(0.0),
            Optional.of(96L),
            Optional.of("000000020000000100000005"),
            Optional.of(NOW.minusSeconds(9)),
            41_234,
            0,
            0,
            0,
            Optional.empty(),
            Optional.empty()),
        new StatusSnapshot.Schedule(true, "0 2 * * *", "UTC", Optional.of(NOW.plusSeconds(75_600))),
        Optional.of(new StatusSnapshot.Configuration(NOW.minusSeconds(7200), Optional.empty())),
        problems,
        Optional.empty(),
        Optional.empty());
  }
}
