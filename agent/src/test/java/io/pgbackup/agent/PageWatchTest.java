package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.agent.Problems.About;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.CorruptPages;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PageWatchTest {
  private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
  private static final BackupName FIRST = new BackupName("base_000000010000000000000002");
  private static final BackupName SECOND = new BackupName("base_000000010000000000000005");

  private final Problems problems = new Problems(() -> NOW);
  private Optional<TakenBackup> taken = Optional.empty();
  private final PageWatch watch = new PageWatch(() -> taken, problems);

  private static Optional<BaseBackup> backup(BackupName name, Optional<CorruptPages> pages) {
    return Optional.of(
        new BaseBackup(
            name,
            Lsn.parse("0/2000028"),
            Lsn.parse("0/2000120"),
            NOW,
            NOW,
            new ServerVersion(180006),
            Optional.empty(),
            1,
            1,
            false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            pages));
  }

  private Optional<String> problem() {
    return problems.about(About.PAGES).map(Problem::message);
  }

  @Test
  void saysItWhileTheNewestBaseBackupHoldsCorruptPages() {
    watch.look(
        backup(
            FIRST,
            Optional.of(new CorruptPages(2, List.of("base/5/1 page 3", "base/5/1 page 9")))));
    assertThat(problem())
        .contains(
            "base backup base_000000010000000000000002 holds 2 corrupt pages: base/5/1 page 3,"
                + " base/5/1 page 9");

    watch.look(backup(SECOND, Optional.of(new CorruptPages(0, List.of()))));
    assertThat(problem()).isEmpty();
  }

  @Test
  void whatWalgFoundIsKnownToWhoLetItTakeTheBackup() {
    taken =
        Optional.of(
            new TakenBackup(
                FIRST,
                Lsn.parse("0/2000028"),
                Lsn.parse("0/2000120"),
                NOW,
                NOW,
                1,
                1,
                1,
                List.of(new CorruptFile("base/5/1", List.of(3L)))));

    watch.look(backup(FIRST, Optional.empty()));
    assertThat(problem().orElseThrow()).endsWith("holds 1 corrupt page: base/5/1 page 3");

    watch.look(backup(SECOND, Optional.empty()));
    assertThat(problem()).as("somebody else's, of which nobody knows").isEmpty();
  }

  @Test
  void anArchiveWithoutABaseBackupHasNoCorruptPages() {
    watch.look(Optional.empty());

    assertThat(problem()).isEmpty();
  }
}
