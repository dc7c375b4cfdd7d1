package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.Throttle;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.QuietListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackingThreadsTest {
  private static final int FILES = 600;

  @TempDir private Path data;
  private PackedFiles packed;

  @BeforeEach
  void files() throws IOException {
    for (int i = 0; i < FILES; i++) {
      Files.write(data.resolve("f" + i), new byte[100]);
    }
    packed =
        new PackedFiles(
            new Manifest(new BackupName("base_000000010000000000000002"), List.of()),
            ObjectCipher.NONE,
            new QuietListener());
  }

  @Test
  void everyFileIsPackedOnceOnWhicheverThread() throws Exception {
    MemoryObjectStore store = new MemoryObjectStore();

    List<PackingThreads.Directory> directories = threads(store).run(walk());

    assertThat(packed.files()).isEqualTo(FILES);
    assertThat(directories).extracting(PackingThreads.Directory::path).containsExactly("");
    assertThat(store.list("").count()).isBetween(3L, (long) FILES);
  }

  @Test
  void aStoreThatFailsOnOneThreadStopsAllWithItsReason() {
    AtomicInteger uploads = new AtomicInteger();
    MemoryObjectStore store =
        new MemoryObjectStore() {
          @Override
          public ObjectUpload upload(ObjectKey key, Map<String, String> metadata) {
            if (uploads.incrementAndGet() == 5) {
              throw Problem.storageFailed("the bucket is full", "Make room.").asException();
            }
            return super.upload(key, metadata);
          }
        };

    assertThatThrownBy(() -> threads(store).run(walk()))
        .isInstanceOf(PgBackupException.class)
        .hasMessage("the bucket is full");

    assertThat(packed.files()).isLessThan(FILES);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("backup-pack"));
  }

  private DataDirectoryWalk walk() {
    return new DataDirectoryWalk(data, 18, List.of());
  }

  private PackingThreads threads(MemoryObjectStore store) {
    BackupParts parts = new BackupParts(store, StoreFolder.of("parts"), Packing.plain(Codec.NONE));
    return new PackingThreads(
        3,
        () ->
            new FilePacker(
                parts,
                new SourceReading(Throttle.NONE),
                1000,
                Optional.empty(),
                Optional.empty(),
                packed));
  }
}
