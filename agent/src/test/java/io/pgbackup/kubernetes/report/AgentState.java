package io.pgbackup.kubernetes.report;

import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.ProblemView;
import io.pgbackup.status.StatusSnapshot;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an agent knows, to be changed under way.
final class AgentState {
  static final Instant START = Instant.parse("2026-11-21T05:00:00Z");

  Instant now = START;
  final InstantSource clock = () -> now;
  Optional<String> role = Optional.of("primary");
  Optional<String> uid = Optional.of("uid-one");
  Instant claimedAt = Instant.parse("2026-11-01T00:00:00Z");
  Instant windowEnd = START.minusSeconds(30);
  List<StatusSnapshot.StandingProblem> problems = new ArrayList<>();
  Optional<StatusSnapshot.Stream> stream = Optional.empty();
  Optional<BackupRunView> lastRun = Optional.empty();
  Optional<String> outage = Optional.of("normal");
  Optional<StatusSnapshot.Verdict> verdict = Optional.empty();
  Optional<Instant> lastSegmentAt = Optional.of(START.minusSeconds(9));

  void problem(String about, String kind, String message) {
    problems.add(
        new StatusSnapshot.StandingProblem(
            about, now, new ProblemView(kind, message, Optional.of("Look at it."))));
  }

  void ran(String id, BackupRunView.State state) {
    lastRun =
        Optional.of(
            new BackupRunView(
                id,
                state,
                Optional.of("base_000000010000000000000002"),
                now.minusSeconds(60),
                Optional.of(now),
                1,
                1,
                state == BackupRunView.State.FAILED
                    ? Optional.of(new ProblemView("storage", "the store is full", Optional.empty()))
                    : Optional.empty()));
  }

  void drilled(Instant at, boolean passed) {
    verdict =
        Optional.of(
            new StatusSnapshot.Verdict(
                at,
                passed,
                "drill-host",
                "base_000000010000000000000002",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                passed ? List.of() : List.of("rows: none")));
  }

  Optional<Claim> claim() {
    return uid.map(
        value ->
            new Claim(
                new ClusterId("shop", "orders"),
                new LineageUid(value),
                SystemIdentifier.parse("7560000000000000000"),
                new ServerVersion(170_002),
                WalSegmentSize.DEFAULT,
                Optional.empty(),
                claimedAt));
  }

  StatusSnapshot snapshot() {
    return new StatusSnapshot(
        now,
        "0.1.0",
        new StatusSnapshot.Cluster("shop", "orders"),
        uid,
        uid.map(value -> "pgbackup/shop/orders/" + value + "/17"),
        new StatusSnapshot.Server(
            role.isPresent(),
            Optional.of("17.2"),
            role,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        new StatusSnapshot.Storage("s3://backups", Map.of()),
        Optional.empty(),
        Optional.of(1),
        Optional.of(
            new StatusSnapshot.Backup(
                "base_000000010000000000000002",
                START.minusSeconds(7200),
                START.minusSeconds(7000),
                "0/2000028",
                "0/2000120",
                1,
                1,
                1)),
        Optional.empty(),
        lastRun,
        List.of(
            new StatusSnapshot.Window(
                START.minusSeconds(7000), windowEnd, "base_000000010000000000000002", 1)),
        List.of(),
        Optional.of(windowEnd),
        Optional.empty(),
        Optional.of(now),
        new StatusSnapshot.Archive(
            true,
            "/run/pgbackup/archive.sock",
            Optional.of(0.0),
            Optional.of(96L),
            lastSegmentAt.map(_ -> "000000010000000000000005"),
            lastSegmentAt,
            1,
            0,
            0,
            0,
            outage.map(
                state -> new StatusSnapshot.Outage(state, now, Optional.empty(), Optional.empty())),
            stream),
        new StatusSnapshot.Schedule(true, "0 2 * * *", "UTC", Optional.empty()),
        Optional.empty(),
        List.copyOf(problems),
        Optional.of(
            new StatusSnapshot.Drills(
                new StatusSnapshot.Schedule(false, "0 5 * * 0", "UTC", Optional.empty()),
                Optional.empty(),
                Optional.empty(),
                verdict)),
        Optional.empty());
  }
}
