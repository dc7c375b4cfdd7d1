package io.pgbackup.backup;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Leases;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.LogLines;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SteppingClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackupRunnerTest {
  private static final StoreFolder PREFIX = StoreFolder.of("c1/uid/18");
  private static final WalSegment FIRST =
      WalSegment.parse("000000010000000000000002", WalSegmentSize.DEFAULT);
  private static final Instant AT = Instant.parse("2026-08-21T02:00:00Z");
  private static final TakenBackup TAKEN =
      new TakenBackup(
          BackupName.full(FIRST),
          FIRST.start().plus(0x28),
          FIRST.end(),
          AT,
          AT.plusSeconds(60),
          900,
          1000,
          100,
          List.of());

  private final MemoryObjectStore store = new MemoryObjectStore();
  private final SteppingClock clock = new SteppingClock(AT);
  private final Leases leases = new Leases(store, clock);
  private final Recorder recorder = new Recorder();
  private Optional<Duration> deadline = Optional.empty();

  @Test
  void goesFromStateToStateAndEndsWithTheBackup() {
    BackupRun.Ended end = run(() -> {}, BackupRunnerTest::push);

    assertThat(end)
        .isInstanceOfSatisfying(
            BackupRun.Completed.class,
            completed -> assertThat(completed.backup()).isEqualTo(TAKEN));
    assertThat(recorder.states)
        .extracting(state -> state.getClass().getSimpleName())
        .containsExactly("Probing", "Pushing", "Verifying", "Completed");
    assertThat(recorder.states).extracting(BackupRun::id).containsOnly("run-1");
    assertThat(recorder.states.getLast()).isEqualTo(end);
    assertThat(recorder.bytes).isEqualTo(1000);
  }

  @Test
  void eachRunIsOneLineInTheLog() {
    assertThat(LogLines.of(BackupRunner.class, () -> run(() -> {}, BackupRunnerTest::push)))
        .singleElement()
        .asString()
        .contains("INFO", "run=run-1", "backup=" + TAKEN.name(), "base backup completed");

    Problem problem = Problem.postgresFailed("no server", "Start it.");
    assertThat(
            LogLines.of(
                BackupRunner.class,
                () ->
                    run(
                        () -> {
                          throw problem.asException();
                        },
                        BackupRunnerTest::push)))
        .singleElement()
        .asString()
        .contains("ERROR", "run=run-1", "no server", "Start it.", "base backup failed");
  }

  @Test
  void withoutAnArchivedProbeTheEngineIsNotAsked() {
    Problem problem = Problem.timedOut("segment X did not reach the store", "Look at it.");

    BackupRun.Ended end =
        run(
            () -> {
              throw problem.asException();
            },
            (_, listener) -> {
              throw new AssertionError("must not be asked");
            });

    assertThat(end)
        .isInstanceOfSatisfying(
            BackupRun.Failed.class, failed -> assertThat(failed.problem()).isEqualTo(problem));
    assertThat(recorder.states)
        .extracting(state -> state.getClass().getSimpleName())
        .containsExactly("Probing", "Failed");
  }

  @Test
  void aSecondRunOfTheSameLineageIsRefusedWhileTheFirstGoesOn() {
    List<BackupRun.Ended> second = new ArrayList<>();

    BackupRun.Ended first =
        run(() -> second.add(run(() -> {}, BackupRunnerTest::push)), BackupRunnerTest::push);

    assertThat(first).isInstanceOf(BackupRun.Completed.class);
    assertThat(second)
        .singleElement()
        .isInstanceOfSatisfying(
            BackupRun.Failed.class,
            failed -> assertThat(failed.problem()).isInstanceOf(Problem.Refused.class));
  }

  @Test
  void theLeaseIsFreeAgainAfterAFailure() {
    run(
        () -> {
          throw Problem.postgresFailed("no server", "Start it.").asException();
        },
        BackupRunnerTest::push);

    assertThat(run(() -> {}, BackupRunnerTest::push)).isInstanceOf(BackupRun.Completed.class);
  }

  /// P52.
  @Test
  void whoLostTheLeaseWritesNoSentinel() {
    BackupRun.Ended end =
        run(
            () -> {},
            (_, listener) -> {
              listener.started(TAKEN.name());
              listener.awaitingWal(FIRST, FIRST);
              clock.advance(Duration.ofMinutes(2));
              new Leases(store, clock).acquire(PREFIX, BackupRunner.LEASE, "another run");
              listener.beforeSentinel();
              return TAKEN;
            });

    assertThat(end)
        .isInstanceOfSatisfying(
            BackupRun.Failed.class,
            failed -> assertThat(failed.problem().message()).contains("no longer held"));
  }

  @Test
  void aFaultOfOursIsAnEndAsWell() {
    BackupRun.Ended end =
        run(
            () -> {},
            (_, listener) -> {
              throw new IllegalStateException("oops");
            });

    assertThat(end)
        .isInstanceOfSatisfying(
            BackupRun.Failed.class,
            failed -> {
              assertThat(failed.problem()).isInstanceOf(Problem.Bug.class);
              assertThat(failed.problem().message()).contains("oops");
            });
  }

  /// P52.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void oneThatTakesTooLongIsEndedAndSaysWhatItWaitedFor(int reached) {
    deadline = Optional.of(Duration.ofMillis(50));

    BackupRun.Ended end =
        run(
            () -> {},
            (_, listener) -> {
              if (reached > 0) {
                listener.started(TAKEN.name());
              }
              if (reached > 1) {
                listener.awaitingWal(FIRST, FIRST.next());
              }
              throw waited();
            });

    String awaited =
        List.of(
                "a WAL segment that was finished on purpose to be archived",
                "the files of base_000000010000000000000002 to be stored",
                "WAL segments 000000010000000000000002 to 000000010000000000000003 to reach")
            .get(reached);
    assertThat(end)
        .isInstanceOfSatisfying(
            BackupRun.Failed.class,
            failed -> {
              assertThat(failed.problem()).isInstanceOf(Problem.TimedOut.class);
              assertThat(failed.problem().message())
                  .startsWith("the base backup was ended after 50 ms: it waited for " + awaited);
            });
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(leases.held(PREFIX, BackupRunner.LEASE)).as("the next need not wait").isEmpty();
  }

  /// As the engine does: it breaks off, and keeps the interrupt.
  private static PgBackupException waited() {
    try {
      new CountDownLatch(1).await();
      throw new AssertionError("nobody counts down");
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return Problem.timedOut("the base backup was interrupted", "Start it again.").asException();
    }
  }

  private BackupRun.Ended run(Runnable probe, BackupEngine engine) {
    Runnable probing =
        () -> {
          // a lease is written at most once a second, and releasing it would wait
          clock.advance(Duration.ofSeconds(2));
          probe.run();
        };
    return new BackupRunner(
            engine, probing, leases, PREFIX, "base backup on db-1, process 1", deadline, clock)
        .run("run-1", BackupRequest.FULL, recorder);
  }

  private static TakenBackup push(BackupRequest request, BackupListener listener) {
    listener.started(TAKEN.name());
    listener.progressed(900, 1000);
    listener.awaitingWal(FIRST, FIRST);
    listener.beforeSentinel();
    return TAKEN;
  }

  private static final class Recorder implements BackupObserver {
    private final List<BackupRun> states = new ArrayList<>();
    private long bytes;

    @Override
    public void became(BackupRun run) {
      states.add(run);
    }

    @Override
    public void progressed(long files, long more) {
      bytes = more;
    }
  }
}
