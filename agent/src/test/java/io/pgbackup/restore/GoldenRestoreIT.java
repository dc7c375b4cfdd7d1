package io.pgbackup.restore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
  void theFirstFullBackupRestoresToEachInstant(String name) throws IOException {
    GoldenArchive.Expected expected =
        GoldenArchive.expected().stream()
            .filter(each -> each.name().equals(name))
            .findFirst()
            .orElseThrow();
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
                  plan(target),
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

  private static RestorePlan plan(RecoveryTarget target) {
    WalSegmentSize size = WalSegmentSize.DEFAULT;
    return new RestorePlan(
        new Lineage(
            CatalogModel.CLUSTER,
            new LineageUid("golden"),
            StoreFolder.of("golden"),
            Optional.empty()),
        target,
        new BaseBackup(
            new BackupName(GoldenArchive.FULL),
            Lsn.parse("0/2000028"),
            Lsn.parse("0/2000100"),
            Instant.EPOCH,
            Instant.EPOCH,
            new ServerVersion(150018),
            Optional.empty(),
            0,
            0,
            false,
            Optional.empty()),
        TimelineHistory.parse(new Timeline(2), history()),
        size,
        new TreeSet<>(
            Stream.of(2, 3, 4, 5, 6, 7)
                .map(
                    number ->
                        new WalSegment(Timeline.FIRST, new Lsn((long) number * size.bytes()), size))
                .toList()));
  }

  private static String history() {
    byte[] stored = GoldenArchive.bytes("wal_005/00000002.history.lz4");
    return new String(Codec.LZ4.decompress(stored, "00000002.history", 1 << 16), UTF_8);
  }
}
