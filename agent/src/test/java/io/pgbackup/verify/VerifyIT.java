package io.pgbackup.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.restore.ProtectedServer;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/// Over what a real server and our engine left in a real S3 server.
class VerifyIT {
  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  @EachRelease
  void whatAServerLeftIsSoundAndEachKindOfDamageIsFound(PostgresRelease release)
      throws IOException {
    S3Server s3 = S3Server.shared();
    try (ObjectStore store = S3ObjectStore.open(s3.storageConfig(s3.newBucket()));
        ProtectedServer server = new ProtectedServer(release, store, folder)) {
      server.postgres.sql("create table account as select generate_series(1, 20000) id");
      TakenBackup first = server.backUp();
      server.postgres.sql("insert into account select generate_series(1, 30000)");
      server.archiveEverything();
      server.postgres.sql("vacuum full account");
      server.backUp();
      server.postgres.sql("insert into account select generate_series(1, 30000)");
      server.archiveEverything();
      Lineage lineage = server.catalog(server.uid()).lineage();
      ArchiveLayout layout = server.layout(server.uid());

      VerifyReport whole = verify(store, lineage);
      assertThat(whole.faults()).isEmpty();
      assertThat(whole.backups()).hasSize(2).allMatch(BackupReport::manifest);
      assertThat(whole.backups())
          .allSatisfy(backup -> assertThat(backup.files()).isGreaterThan(500));
      assertThat(whole.wal().read()).isEqualTo(whole.wal().wanted()).isGreaterThan(3);

      List<ObjectKey> tars = keys(store, layout.tarPartitions(first.name()).path() + "part_");
      List<ObjectKey> wal = keys(store, layout.wal().path());
      ObjectKey damagedTar = tars.getLast();
      ObjectKey damagedWal = wal.get(wal.size() - 2);
      overwrite(store, damagedTar, false);
      overwrite(store, damagedWal, true);
      ObjectKey lost = wal.get(wal.size() - 3);
      store.delete(List.of(lost));

      assertThat(verify(store, lineage).faults())
          .extracting(Fault::object)
          .containsExactly(damagedTar.value(), lost.name().substring(0, 24), damagedWal.value());
    }
  }

  private static VerifyReport verify(ObjectStore store, Lineage lineage) {
    return new Verifier(store, ObjectCipher.NONE, 2)
        .verify(lineage, new Selection.All(), true, VerifyListener.SILENT);
  }

  private static List<ObjectKey> keys(ObjectStore store, String prefix) {
    try (var listing = store.list(prefix)) {
      return listing.map(StoredObject::key).sorted().toList();
    }
  }

  /// Something else stands in the middle.
  ///
  /// @param packedAnew so that no codec notices
  private static void overwrite(ObjectStore store, ObjectKey key, boolean packedAnew)
      throws IOException {
    byte[] bytes;
    try (InputStream stored = store.open(key)) {
      bytes = stored.readAllBytes();
    }
    if (packedAnew) {
      bytes = Codec.LZ4.decompress(bytes, key.value(), 1 << 20);
      bytes[12_000] ^= 1;
      bytes = Codec.LZ4.compress(bytes);
    } else {
      Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 64, (byte) 0x5A);
    }
    store.delete(List.of(key));
    store.create(key, bytes, Map.of());
  }
}
