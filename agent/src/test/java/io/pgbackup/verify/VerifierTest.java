package io.pgbackup.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Tars;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.MemoryObjectStore;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class VerifierTest {
  private final OurArchive archive = new OurArchive();

  private Fault onlyFault(boolean onward) {
    List<Fault> faults = archive.verify(onward).faults();
    assertThat(faults).hasSize(1);
    assertThat(faults.getFirst().next()).endsWith(".");
    return faults.getFirst();
  }

  @Test
  void aWholeArchiveIsSound() {
    VerifyReport report = archive.verify(true);

    assertThat(report.faults()).isEmpty();
    BackupReport backup = report.backups().getFirst();
    assertThat(backup.manifest()).isTrue();
    assertThat(backup.tars()).isEqualTo(4);
    assertThat(backup.files()).isEqualTo(5);
    assertThat(report.wal().wanted()).isEqualTo(archive.wal.size());
    assertThat(archive.verify(false).wal().wanted()).isEqualTo(2);
  }

  @Test
  void aTarThatWasReplacedByAnotherWholeOneIsToldByTheManifest() {
    archive.put(
        archive.tar("part_002"),
        Codec.LZ4.compress(new Tars().file("/base/5/1259", new byte[60_000]).bytes()));

    Fault fault = onlyFault(false);
    assertThat(fault.object()).isEqualTo(archive.tar("part_002").value());
    assertThat(fault.reason()).contains("base/5/1259 is not as it was backed up");
  }

  @Test
  void aFileThatTheTarLostAndOneThatItGainedAreNamed() {
    archive.put(
        archive.tar("part_002"),
        Codec.LZ4.compress(new Tars().file("/base/5/666", new byte[10]).bytes()));

    assertThat(archive.verify(false).faults())
        .extracting(Fault::reason)
        .containsExactlyInAnyOrder(
            "base/5/666 is in the tar, and not in the manifest or twice",
            "base/5/1259 is in the manifest, and in no tar");
  }

  @Test
  void aTarThatIsGoneIsOneFaultHoweverManyFilesItHeld() {
    archive.store.delete(List.of(archive.tar("part_001")));

    assertThat(onlyFault(false))
        .satisfies(
            fault -> {
              assertThat(fault.object()).isEqualTo(archive.tar("part_001").value());
              assertThat(fault.reason()).isEqualTo("is missing");
            });
  }

  @Test
  void everyDamagedObjectIsNamedAndNotOnlyTheFirst() {
    cut(archive.tar("part_001"));
    cut(archive.tar("part_002"));
    cut(archive.walKey(archive.wal.getFirst()));

    assertThat(archive.verify(false).faults())
        .extracting(Fault::object)
        .containsExactly(
            archive.tar("part_001").value(),
            archive.tar("part_002").value(),
            archive.walKey(archive.wal.getFirst()).value());
  }

  @Test
  void withoutAManifestTheCodecsAndListsStillTell() {
    archive.store.delete(List.of(archive.layout.manifest(archive.backup)));

    VerifyReport report = archive.verify(false);
    assertThat(report.isSound()).isTrue();
    assertThat(report.backups().getFirst().manifest()).isFalse();

    archive.store.delete(List.of(archive.tar("part_002")));
    assertThat(onlyFault(false).object()).isEqualTo(archive.tar("part_002").value());
  }

  @Test
  void withoutAManifestAMissingControlFileIsAFault() {
    archive.store.delete(List.of(archive.layout.manifest(archive.backup)));
    archive.store.delete(List.of(archive.layout.filesMetadata(archive.backup)));
    archive.store.delete(List.of(archive.tar("pg_control")));

    assertThat(onlyFault(false).reason()).contains("global/pg_control missing");
  }

  @Test
  void aDamagedManifestIsAFaultAndTheTarsAreReadAllTheSame() {
    cut(archive.layout.manifest(archive.backup));
    cut(archive.tar("part_002"));

    assertThat(archive.verify(false).faults())
        .extracting(Fault::object)
        .containsExactly(
            archive.layout.manifest(archive.backup).value(), archive.tar("part_002").value());
  }

  @Test
  void aControlFileOfAnotherClusterIsFound() {
    byte[] control = OurArchive.controlFile();
    control[100] ^= 1;
    archive.put(
        archive.tar("pg_control"),
        Codec.LZ4.compress(new Tars().file("/global/pg_control", control).bytes()));

    assertThat(onlyFault(false).reason()).contains("checksum of pg_control does not hold");
  }

  @Test
  void aSentinelThatCannotBeReadMayBeTheNewest() {
    BackupName later = new BackupName("base_0000000100000000000000FF");
    archive.put(archive.layout.sentinel(later), "{".getBytes(UTF_8));

    assertThat(onlyFault(false).object()).isEqualTo(archive.layout.sentinel(later).value());
  }

  @Test
  void missingWalBehindTheBackupCountsOnlyWhereTheWindowIsAskedFor() {
    WalSegment lost = archive.wal.get(3);
    archive.store.delete(List.of(archive.walKey(lost), archive.walKey(archive.wal.get(4))));

    assertThat(archive.verify(false).isSound()).isTrue();
    Fault fault = onlyFault(true);
    assertThat(fault.object()).isEqualTo(lost.fileName() + " to " + archive.wal.get(4).fileName());
    assertThat(fault.reason()).isEqualTo("2 segments are missing");
  }

  /// Retention keeps of a point only the WAL that makes it consistent.
  @Test
  void missingWalUpToTheNextBaseBackupIsNoFault() {
    archive.store.delete(
        List.of(archive.walKey(archive.wal.get(2)), archive.walKey(archive.wal.get(3))));
    archive.addEmptyBackup(archive.wal.get(4));

    WalReport wal =
        new Verifier(archive.store, ObjectCipher.NONE, 2)
            .verify(archive.lineage(), new Selection.All(), true, VerifyListener.SILENT)
            .wal();

    assertThat(wal.faults()).isEmpty();
    assertThat(wal.notes()).singleElement().asString().contains(archive.wal.get(2).fileName());
  }

  @Test
  void aSegmentUnderAnothersNameIsFound() {
    archive.put(
        archive.walKey(archive.wal.get(1)), archive.bytes(archive.walKey(archive.wal.get(2))));

    assertThat(archive.verify(false).faults())
        .anySatisfy(
            fault -> {
              assertThat(fault.object()).isEqualTo(archive.walKey(archive.wal.get(1)).value());
              assertThat(fault.reason()).startsWith("holds the WAL of timeline 1 at 0/300000");
            });
  }

  @Test
  void aRecordThatDoesNotHoldIsFoundAlthoughTheCodecIsContent() {
    WalSegment segment = archive.wal.get(1);
    byte[] content =
        Codec.LZ4.decompress(archive.bytes(archive.walKey(segment)), "wal", segment.size().bytes());
    content[500_000] ^= 1;
    archive.put(archive.walKey(segment), Codec.LZ4.compress(content));

    assertThat(onlyFault(false).reason()).startsWith("holds no valid WAL behind 0/2");
  }

  @Test
  void aSegmentThatLiesThereTwiceMustBeTheSame() {
    WalSegment segment = archive.wal.get(1);
    ObjectKey second = archive.layout.wal().key(segment.fileName() + ".zst");
    archive.put(second, Codec.ZSTD.compress(new byte[segment.size().bytes()]));

    assertThat(onlyFault(false).object()).isEqualTo(second.value());
  }

  @Test
  void aBackupThatIsNotThereIsNotFound() {
    var verifier = new Verifier(archive.store, ObjectCipher.NONE, 1);
    var other = new Selection.Named(new BackupName("base_0000000100000000000000AA"));

    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> verifier.verify(archive.lineage(), other, false, VerifyListener.SILENT))
        .satisfies(e -> assertThat(e.problem()).isInstanceOf(Problem.NotFound.class));
  }

  @Test
  void aStoreThatIsAwayProvesNothing() {
    AtomicInteger opened = new AtomicInteger();
    var away =
        new MemoryObjectStore(archive.store) {
          @Override
          public synchronized InputStream open(ObjectKey key) {
            if (key.value().contains("part_002")) {
              opened.incrementAndGet();
              throw Problem.storageFailed("403", "Ask for the right to read.").asException();
            }
            return super.open(key);
          }
        };
    var verifier = new Verifier(away, ObjectCipher.NONE, 1);

    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(
            () ->
                verifier.verify(
                    archive.lineage(), new Selection.Newest(), false, VerifyListener.SILENT))
        .satisfies(e -> assertThat(e.problem()).isInstanceOf(Problem.StorageFailed.class));
    assertThat(opened).hasValue(1);
  }

  /// Whatever happens to the bytes of one tar, of one segment or of the manifest is found, and no
  /// other object is blamed.
  @Property(tries = 100)
  void damageOfAnObjectIsFoundAndNamed(@ForAll long seed) {
    Random random = new Random(seed);
    OurArchive damaged = new OurArchive();
    List<ObjectKey> objects =
        damaged
            .store
            .list("")
            .map(StoredObject::key)
            .filter(key -> !key.value().endsWith(".json"))
            .toList();
    ObjectKey key = objects.get(random.nextInt(objects.size()));
    byte[] bytes = damaged.bytes(key);
    byte[] plain = plain(key, bytes).orElseThrow();
    int at = random.nextInt(bytes.length);
    switch (random.nextInt(3)) {
      case 0 -> damaged.put(key, Arrays.copyOf(bytes, at));
      case 1 -> {
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        damaged.put(key, bytes);
      }
      default -> {
        Arrays.fill(bytes, at, Math.min(bytes.length, at + 512), (byte) 0x5A);
        damaged.put(key, bytes);
      }
    }

    // zeros from elsewhere are zeros too
    Assume.that(
        !plain(key, damaged.bytes(key)).filter(now -> Arrays.equals(now, plain)).isPresent());
    List<Fault> faults = damaged.verify(true).faults();

    assertThat(faults).as("%s at %d of %d", key, at, bytes.length).isNotEmpty();
    assertThat(faults).allMatch(fault -> fault.object().equals(key.value()));
  }

  private static Optional<byte[]> plain(ObjectKey key, byte[] bytes) {
    Codec codec = key.value().endsWith(".zst") ? Codec.ZSTD : Codec.LZ4;
    try {
      return Optional.of(codec.decompress(bytes, key.value(), 1 << 20));
    } catch (PgBackupException _) {
      return Optional.empty();
    }
  }

  private void cut(ObjectKey key) {
    byte[] bytes = archive.bytes(key);
    archive.put(key, Arrays.copyOf(bytes, bytes.length / 2));
  }
}
