package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.backup.BackupObserver;
import io.pgbackup.backup.BackupRun;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.Problem;
import io.pgbackup.status.BackupRunView;
import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.status.ProblemView;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RunBookTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final BackupName NAME = new BackupName("base_000000010000000000000002");
  private static final WalSegment SEGMENT =
      WalSegment.parse("000000010000000000000002", WalSegmentSize.DEFAULT);
  private static final TakenBackup TAKEN =
      new TakenBackup(
          NAME,
          Lsn.parse("0/2000028"),
          Lsn.parse("0/2000120"),
          NOW,
          NOW,
          30,
          4000,
          1000,
          List.of());

  private final RunBook book = new RunBook();

  private State state(String id) {
    return book.find(id).orElseThrow().state();
  }

  @Test
  void followsARunFromItsRequestToItsEnd() {
    BackupObserver observer = book.observer("a");
    book.begin("a", NOW);
    observer.became(new BackupRun.Probing("a", NOW));
    assertThat(state("a")).isEqualTo(State.STARTING);
    assertThat(book.running()).isPresent();

    observer.became(new BackupRun.Pushing("a", NAME, NOW));
    observer.progressed(10, 2000);
    assertThat(book.find("a"))
        .contains(
            new BackupRunView(
                "a",
                State.COPYING,
                Optional.of(NAME.value()),
                NOW,
                Optional.empty(),
                10,
                2000,
                Optional.empty()));

    observer.became(new BackupRun.Verifying("a", NAME, SEGMENT, SEGMENT, NOW));
    assertThat(state("a")).isEqualTo(State.AWAITING_WAL);

    observer.became(new BackupRun.Completed("a", TAKEN, NOW.plusSeconds(9)));
    assertThat(book.lastEnded())
        .contains(
            new BackupRunView(
                "a",
                State.COMPLETED,
                Optional.of(NAME.value()),
                NOW,
                Optional.of(NOW.plusSeconds(9)),
                30,
                4000,
                Optional.empty()));
    assertThat(book.running()).isEmpty();
    assertThat(book.figures().failed()).isZero();
  }

  @Test
  void keepsTheReasonOfAFailureAndCountsIt() {
    Problem problem = Problem.timedOut("no segment arrived", "Look.");
    book.begin("a", NOW);

    book.observer("a").became(new BackupRun.Failed("a", problem, NOW));

    assertThat(book.find("a").flatMap(BackupRunView::problem)).contains(ProblemView.of(problem));
    assertThat(book.figures().failed()).isOne();
  }

  @Test
  void aRunWhoseThreadDiedHasFailed() {
    book.begin("a", NOW);

    book.abandon("a", Problem.bug("broke off"), NOW);
    book.abandon("a", Problem.bug("again"), NOW);

    assertThat(state("a")).isEqualTo(State.FAILED);
    assertThat(book.figures().failed()).isOne();
  }

  @Test
  void forgetsTheOldestRunsFirst() {
    for (int run = 0; run < 60; run++) {
      book.begin("run " + run, NOW);
      book.observer("run " + run).became(new BackupRun.Completed("run " + run, TAKEN, NOW));
    }

    assertThat(book.find("run 9")).isEmpty();
    assertThat(book.find("run 10")).isPresent();
    assertThat(book.lastEnded().map(BackupRunView::id)).contains("run 59");
  }
}
