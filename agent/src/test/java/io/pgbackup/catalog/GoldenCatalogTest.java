package io.pgbackup.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.GoldenArchive.Expected;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against an archive that real WAL-G wrote and nobody claimed.
class GoldenCatalogTest {
  private static final PrefixTemplate ARCHIVE = new PrefixTemplate("spilo/demo");

  @TempDir Path bucket;
  private Path archive;
  private ObjectStore store;

  @BeforeEach
  void copyArchive() throws IOException {
    archive = Files.createDirectories(bucket.resolve("spilo/demo"));
    GoldenArchive.copyInto(archive);
    store = FileObjectStore.open(bucket);
  }

  @Test
  void aLiteralFolderIsOneLineageNamedAfterIt() {
    assertThat(new Catalog(store).lineages(ARCHIVE))
        .containsExactly(
            new Lineage(
                new ClusterId("default", "demo"),
                new LineageUid("demo"),
                StoreFolder.of("spilo/demo"),
                Optional.empty()));
  }

  @Test
  void aFolderWithoutAnArchiveIsNone() {
    assertThat(new Catalog(store).lineages(new PrefixTemplate("spilo"))).isEmpty();
    assertThat(new Catalog(store).lineages(new PrefixTemplate("spilo/other"))).isEmpty();
  }

  @Test
  void anUnclaimedArchiveIsNamedAsTheTemplateSays() {
    assertThat(new Catalog(store).lineages(new PrefixTemplate("$(CLUSTER)/$(UID)")))
        .extracting(Lineage::cluster, Lineage::uid)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                new ClusterId("default", "spilo"), new LineageUid("demo")));
  }

  @Test
  void theBackupsAreThoseOfTheSentinels() {
    assertThat(read().backups())
        .extracting(
            backup -> backup.name().value(),
            BaseBackup::startLsn,
            BaseBackup::finishLsn,
            BaseBackup::finishTime,
            backup -> backup.serverVersion().number())
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                GoldenArchive.FULL,
                Lsn.parse("0/2000028"),
                Lsn.parse("0/2000100"),
                Instant.parse("2026-11-21T02:13:37.317663Z"),
                150018),
            org.assertj.core.groups.Tuple.tuple(
                GoldenArchive.DELTA,
                Lsn.parse("0/5000028"),
                Lsn.parse("0/5000100"),
                Instant.parse("2026-11-21T02:13:41.341963Z"),
                150018));
    assertThat(read().backups().getLast().deltaFrom()).contains(new BackupName(GoldenArchive.FULL));
  }

  @Test
  void thePathLeadsOverThePromotion() {
    LineageCatalog catalog = read();

    assertThat(catalog.path().timeline()).isEqualTo(new Timeline(2));
    assertThat(catalog.segmentSize()).isEqualTo(WalSegmentSize.DEFAULT);
    assertThat(catalog.segments()).hasSize(7);
    assertThat(catalog.gaps()).isEmpty();
  }

  @Test
  void theWindowHoldsTheInstantsThatWereRestorable() {
    LineageCatalog catalog = read();

    assertThat(catalog.windows())
        .singleElement()
        .satisfies(
            window -> {
              assertThat(window.start()).isEqualTo("2026-11-21T02:13:37.317663Z");
              assertThat(window.oldestBackup().value()).isEqualTo(GoldenArchive.FULL);
            });
    List<String> inside =
        GoldenArchive.expected().stream()
            .filter(
                expected ->
                    catalog.windows().stream().anyMatch(w -> w.contains(expected.instant())))
            .map(Expected::name)
            .toList();
    assertThat(inside).containsExactly("after-full", "after-update", "after-delta", "after-delete");
    assertThat(catalog.lastCommit())
        .contains(catalog.windows().getFirst().end())
        .contains(catalog.reach().get(new BackupName(GoldenArchive.FULL)));
  }

  @Test
  void saysOfAGapWhatIsKnownOfIt() throws IOException {
    Files.delete(archive.resolve("wal_005/000000010000000000000005.lz4"));
    WalGap gap = read().gaps().getFirst();

    GapMarks.acknowledge(store, new ArchiveLayout(StoreFolder.of("spilo/demo")), gap, "{}");

    assertThat(read().gaps())
        .containsExactly(new WalGap(gap.first(), gap.last(), GapState.ACKNOWLEDGED));
  }

  /// P13: a newer base backup ends what there is to be done about it.
  @Test
  void aGapBeforeTheNewestBackupIsClosed() throws IOException {
    Files.delete(archive.resolve("wal_005/000000010000000000000003.lz4"));

    assertThat(read().gaps()).extracting(WalGap::state).containsExactly(GapState.CLOSED);
  }

  @Test
  void aLostSegmentEndsTheWindowBeforeIt() throws IOException {
    Files.delete(archive.resolve("wal_005/000000010000000000000005.lz4"));

    LineageCatalog catalog = read();

    WalSegment lost = WalSegment.parse("000000010000000000000005", WalSegmentSize.DEFAULT);
    assertThat(catalog.gaps()).containsExactly(new WalGap(lost, lost, GapState.OPEN));
    assertThat(catalog.windows())
        .singleElement()
        .satisfies(
            window -> {
              assertThat(window.contains(instant("after-full"))).isTrue();
              assertThat(window.contains(instant("after-update"))).isFalse();
            });
  }

  @Test
  void aBackupWithoutSentinelDoesNotExist() throws IOException {
    Files.delete(
        archive.resolve("basebackups_005/" + GoldenArchive.FULL + "_backup_stop_sentinel.json"));

    assertThat(read().windows()).isEmpty();
    assertThat(read().lastCommit()).isEmpty();
  }

  @Test
  void aDamagedSegmentIsAFailureAndNoSilentEnd() throws IOException {
    Path last = archive.resolve("wal_005/000000020000000000000008.lz4");
    byte[] content = Files.readAllBytes(last);
    Files.write(last, java.util.Arrays.copyOf(content, 1000));

    assertThatThrownBy(this::read)
        .extracting(e -> ((PgBackupException) e).problem())
        .isInstanceOf(Problem.VerificationFailed.class);
  }

  private static Instant instant(String name) {
    return GoldenArchive.expected().stream()
        .filter(expected -> expected.name().equals(name))
        .findFirst()
        .orElseThrow()
        .instant();
  }

  private LineageCatalog read() {
    Catalog catalog = new Catalog(store);
    return catalog.read(catalog.lineages(ARCHIVE).getFirst());
  }
}
