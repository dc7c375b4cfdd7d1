package io.pgbackup.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.TestKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Archives that real WAL-G wrote, deltas, several parts and encryption included.
class GoldenVerifyTest {
  @TempDir private Path folder;

  private VerifyReport verify(ObjectCipher cipher) throws IOException {
    try (FileObjectStore store = FileObjectStore.open(folder)) {
      List<Lineage> found =
          new Catalog(store, cipher).discoverIn(StoreFolder.of("orders")).lineages();
      return new Verifier(store, cipher, 2)
          .verify(found.getFirst(), new Selection.All(), true, VerifyListener.SILENT);
    }
  }

  private ObjectCipher cipher(GoldenArchive golden) {
    return golden == GoldenArchive.ZSTD_LIBSODIUM
        ? new TestKeys(folder).libsodium()
        : ObjectCipher.NONE;
  }

  @ParameterizedTest
  @EnumSource
  void whatWalgWroteIsSound(GoldenArchive golden) throws IOException {
    golden.copy(folder.resolve("orders"));

    VerifyReport report = verify(cipher(golden));

    assertThat(report.faults()).isEmpty();
    assertThat(report.backups()).hasSize(2).noneMatch(BackupReport::manifest);
    assertThat(report.backups()).allSatisfy(backup -> assertThat(backup.notes()).isEmpty());
    assertThat(report.backups()).allSatisfy(backup -> assertThat(backup.files()).isPositive());
    assertThat(report.wal().wanted()).isEqualTo(7);
  }

  @Test
  void withoutTheKeyTheFaultSaysWhichOne() throws IOException {
    GoldenArchive.ZSTD_LIBSODIUM.copy(folder.resolve("orders"));

    VerifyReport report = verify(ObjectCipher.NONE);

    assertThat(report.isSound()).isFalse();
    assertThat(report.faults())
        .anySatisfy(
            fault -> {
              assertThat(fault.object()).contains("part_001.tar.zst");
              assertThat(fault.next()).contains("encryption");
            });
  }

  @Test
  void aParentThatIsGoneIsTheDeltasFault() throws IOException {
    GoldenArchive.LZ4_DELTA.copy(folder.resolve("orders"));
    Files.delete(
        folder.resolve(
            "orders/basebackups_005/" + GoldenArchive.FULL + "_backup_stop_sentinel.json"));

    assertThat(verify(ObjectCipher.NONE).faults())
        .singleElement()
        .satisfies(
            fault -> {
              assertThat(fault.object()).contains(GoldenArchive.DELTA);
              assertThat(fault.reason()).contains(GoldenArchive.FULL, "not in the archive");
            });
  }

  @Test
  void damageInAParentIsFoundWhereOnlyTheDeltaWasAskedFor() throws IOException {
    GoldenArchive.LZ4_DELTA.copy(folder.resolve("orders"));
    String tar = "basebackups_005/" + GoldenArchive.FULL + "/tar_partitions/part_001.tar.lz4";
    Path file = folder.resolve("orders").resolve(tar);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);

    try (FileObjectStore store = FileObjectStore.open(folder)) {
      Lineage lineage =
          new Catalog(store).discoverIn(StoreFolder.of("orders")).lineages().getFirst();
      VerifyReport report =
          new Verifier(store, ObjectCipher.NONE, 2)
              .verify(lineage, new Selection.Newest(), false, VerifyListener.SILENT);

      assertThat(report.backups()).hasSize(2);
      assertThat(report.faults())
          .extracting(Fault::object)
          .containsExactly(new ObjectKey("orders/" + tar).value());
    }
  }
}
