package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Archives written by real WAL-G become the rows that were there.
class GoldenRestoreIT {
  @TempDir(factory = EnterableTempDir.class)
  Path folder;

  @BeforeEach
  void copyTheArchive() {
    GoldenArchive.copyInto(folder.resolve("store/golden"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"after-full", "after-update", "after-delta", "after-delete", "timeline-two"})
  void everyInstantIsRestored(String name) throws IOException {
    GoldenArchive.Expected expected = expected(name);
    RecoveryTarget target =
        name.equals("timeline-two")
            ? new RecoveryTarget.Latest()
            : new RecoveryTarget.AtTime(expected.instant());
    Path data = folder.resolve("restored");

    RestoreResult result;
    try (FileObjectStore store = FileObjectStore.open(folder.resolve("store"))) {
      result =
          new RestoreBench(store, PostgresRelease.OLDER)
              .runner()
              .run(
                  plan(store, target),
                  new RestoreDestination.NewDirectory(data, Optional.empty()),
                  RestoreListener.SILENT);
    }

    assertThat(result.outcome().timeline()).isEqualTo(new Timeline(3));
    assertThat(result.identity()).isEmpty();
    try (TestPostgres restored = TestPostgres.over(PostgresRelease.OLDER, data, Map.of())) {
      restored.as("pgx").start();
      assertThat(restored.value("select count(*) || ':' || sum(id) from account"))
          .isEqualTo(expected.rows());
      assertThat(
              restored.value(
                  "select md5(string_agg(id||owner||balance, ',' order by id)) from account"))
          .isEqualTo(expected.md5());
      assertThat(restored.value("select pg_is_in_recovery()")).isEqualTo("f");
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("store", "restored", "restored.log");
    }
  }

  @ParameterizedTest
  @CsvSource({"before-full, before the recovery window", "timeline-two, last archived commit"})
  void otherInstantsAreRefused(String name, String reason) {
    RecoveryTarget target = new RecoveryTarget.AtTime(expected(name).instant());
    try (FileObjectStore store = FileObjectStore.open(folder.resolve("store"))) {
      assertThatExceptionOfType(PgBackupException.class)
          .isThrownBy(() -> plan(store, target))
          .withMessageContaining(reason)
          .satisfies(refusal -> assertThat(refusal.problem()).isInstanceOf(Problem.Refused.class));
    }
  }

  private static GoldenArchive.Expected expected(String name) {
    return GoldenArchive.expected().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static RestorePlan plan(FileObjectStore store, RecoveryTarget target) {
    Catalog catalog = new Catalog(store);
    List<LineageCatalog> lineages =
        catalog.lineages(new PrefixTemplate("golden")).stream().map(catalog::read).toList();
    return new RestorePlanner(ZoneOffset.UTC)
        .plan(lineages.getFirst().lineage().cluster(), lineages, Optional.empty(), target);
  }
}
