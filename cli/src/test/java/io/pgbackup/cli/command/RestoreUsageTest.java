package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.testing.GoldenArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What `restore`, `clone` and `undo` refuse, over an archive that real WAL-G wrote.
class RestoreUsageTest {
  @TempDir private Path folder;

  @BeforeEach
  void fillTheStore() {
    GoldenArchive.copyInto(folder.resolve("store/pgbackup/default/orders/g/15"));
  }

  private Run run(String line) {
    return Run.of(
        Stream.concat(
                List.of("--store", "file://" + folder.resolve("store")).stream(),
                Stream.of(line.replace("NEW", folder.resolve("new").toString()).split(" ")))
            .toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "restore",
        "restore --cluster orders",
        "restore --cluster orders --latest",
        "restore --cluster orders --target-dir NEW",
        "restore --cluster orders --latest --target-dir NEW --in-place",
        "restore --cluster orders --latest --in-place",
        "restore --cluster orders --latest --data-dir NEW",
        "restore --cluster orders --latest --timestamp 2026-11-21T02:13:40Z --target-dir NEW",
        "restore --latest --target-dir NEW",
        "clone --cluster orders --latest --target-dir NEW",
        "clone --cluster orders --latest --as copy",
        "clone --cluster orders --latest --as a/b --target-dir NEW",
        "restore --cluster orders --latest --timeline 0 --target-dir NEW",
        "restore --cluster orders --latest --target-dir NEW --tablespace fast",
        "restore --cluster orders --latest --target-dir NEW --as-of 2026-11-21T02:13:40",
        "restore --cluster orders --latest --target-dir NEW --as-of 2026-11-21T05:00:01Z",
        "window --cluster orders --as-of yesterday",
        "restore --cluster orders --latest --target-dir NEW --tablespace fast=relative",
        "restore --cluster orders --latest --target-dir NEW --tablespace fast=/mnt/fast",
        "restore --cluster orders --latest --in-place --data-dir NEW --tablespace 16391=/mnt/fast",
        "restore --cluster orders --latest --target-dir NEW --role-secret orders-app",
        "clone --cluster orders --latest --as copy --target-dir NEW --role-secret orders-app",
        "restore --cluster orders --latest --target-dir NEW --zalando",
        "restore --statefulset orders --latest --in-place --plan --zalando",
        "undo"
      })
  void whatCannotBeUnderstoodIsAUsageErrorWithAHint(String line) {
    Run run = run(line);

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("ERROR: ").contains("\nHINT: ").doesNotContain("\tat ");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  @Test
  void zalandosOperatorIsNotSentToADirectory() {
    Run run =
        run(
            "restore --cluster orders --timestamp 2026-11-21T02:13:40Z --target-dir NEW --plan --zalando");

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err()).contains("clones from S3, and this archive lies in file://");
  }

  @Test
  void aTimestampWithoutAnOffsetIsAUsageError() {
    Run run = run("restore --cluster orders --timestamp 2026-11-21T02:13:40 --target-dir NEW");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("has no offset from UTC", "HINT: Write 2026-11-21T02:13:40Z.");
  }

  @Test
  void anInstantBeforeTheWindowIsRefusedWithTheEarliestOne() {
    Run run = run("restore --cluster orders --timestamp 2026-11-21T02:13:30Z --target-dir NEW");

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err())
        .contains("is before the recovery window", "earliest", "2026-11-21T02:13:37.317663Z");
    assertThat(Files.exists(folder.resolve("new"))).isFalse();
  }

  @Test
  void theLastCommitsOwnTimeIsRefusedAndLatestOffered() {
    Run run =
        run("restore --cluster orders --timestamp 2026-11-21T02:13:45.585587Z --target-dir NEW");

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err()).contains("2026-11-21T02:13:45.585586Z", "--latest");
  }

  @Test
  void anUnknownLineageIsNotFound() {
    Run run = run("restore --cluster orders --uid other --latest --target-dir NEW");

    assertThat(run.status()).isEqualTo(9);
    assertThat(run.err())
        .contains("cluster default/orders has no lineage other", "HINT: It has g.");
    assertThat(run("window --cluster orders --uid other").err())
        .contains("cluster default/orders has no lineage other");
  }

  @Test
  void aCloneNeedsANameOfItsOwn() {
    Run run = run("clone --cluster orders --latest --as orders --target-dir NEW");

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err()).contains("cannot have the name of its source, default/orders");
  }

  @Test
  void aTimelineThatIsNotThereIsNotFound() {
    Run run = run("restore --cluster orders --timeline 7 --latest --target-dir NEW");

    assertThat(run.status()).isEqualTo(9);
    assertThat(run.err()).contains("no lineage of cluster default/orders has timeline 7");
  }

  @Test
  void latestIsNotGuessedWhereTwoServersWentOnFromOneHistory() throws IOException {
    // given: a timeline that began before the archive's backups
    Files.writeString(
        folder.resolve("store/pgbackup/default/orders/g/15/wal_005/00000003.history"),
        "1\t0/1000000\tno recovery target specified\n");
    Run refused = run("restore --cluster orders --latest --target-dir NEW");
    assertThat(refused.status()).isEqualTo(4);
    assertThat(refused.err()).contains("newest timeline 3 passes it by", "--timeline");

    // when
    Run window = run("window --cluster orders");
    Run plan = run("restore --cluster orders --latest --timeline 2 --target-dir NEW --plan");

    // then
    assertThat(window.out()).contains("besides  base backups on timeline 1, which");
    assertThat(plan.err()).doesNotContain("passes it by");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "clusters",
        "backups --cluster orders",
        "window --cluster orders",
        "restore --cluster orders --latest --target-dir NEW",
        "clone --cluster orders --latest --as copy --target-dir NEW"
      })
  void aDirectoryHasNoEarlierState(String line) {
    Run run = run(line + " --as-of 2026-11-21T02:13:40Z");

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err()).contains("keeps no versions", "leave --as-of out");
    assertThat(folder.resolve("new")).doesNotExist();
  }

  @Test
  void withoutARestoreThereIsNothingToUndo() {
    Run run = run("undo --yes --data-dir NEW");

    assertThat(run.status()).isEqualTo(9);
    assertThat(run.err()).contains("no restore of ");
  }
}
