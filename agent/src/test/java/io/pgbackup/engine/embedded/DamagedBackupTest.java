package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.MemoryObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// Damaged objects of a real backup are refused or unpacked, never anything else: no hang, no
/// exhausted memory, no file outside the directory.
class DamagedBackupTest {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("orders"));
  private static final BackupName BACKUP = new BackupName(GoldenArchive.FULL);

  /// The first members of WAL-G's part: directories and some relations.
  private static final byte[] PART = Arrays.copyOf(tar("part_001.tar"), 100 << 10);

  private static final byte[] CONTROL = tar("pg_control.tar");
  private static final byte[] LABEL = tar("backup_label.tar");

  @Property(tries = 60)
  void damageNeverLeadsAstray(
      @ForAll Codec codec,
      @ForAll @IntRange(min = 1, max = 8) int changes,
      @ForAll boolean beforeCompression,
      @ForAll boolean cut,
      @ForAll long seed)
      throws IOException {
    var random = new Random(seed);
    var store = new MemoryObjectStore();
    byte[] part = beforeCompression ? damaged(PART, changes, cut, random) : PART;
    byte[] stored = codec.compress(part);
    put(
        store,
        "part_001.tar" + codec.extension(),
        beforeCompression ? stored : damaged(stored, changes, cut, random));
    put(store, "pg_control.tar", damaged(CONTROL, random.nextInt(2), false, random));
    put(store, "backup_label.tar", damaged(LABEL, random.nextInt(2), false, random));
    store.create(LAYOUT.sentinel(BACKUP), "{}".getBytes(UTF_8), Map.of());
    Path folder = Files.createTempDirectory("pgbackup-damaged-");
    try {
      new EmbeddedBackupFetcher(store, LAYOUT, 1)
          .fetch(BACKUP, new FetchTarget(folder.resolve("data"), _ -> {}), _ -> {});
    } catch (PgBackupException e) {
      // a damaged name may be one that is a directory already, or too long for the file system
      assertThat(e.problem())
          .isInstanceOfAny(Problem.VerificationFailed.class, Problem.StorageFailed.class);
    } finally {
      try (Stream<Path> entries = Files.list(folder)) {
        assertThat(entries).containsExactly(folder.resolve("data"));
      }
      delete(folder);
    }
  }

  /// Header fields are hit more often than chance would.
  private static byte[] damaged(byte[] bytes, int changes, boolean cut, Random random) {
    byte[] damaged = cut ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes.clone();
    for (int i = 0; i < changes && damaged.length > 0; i++) {
      int record = random.nextInt(damaged.length / 512 + 1) * 512;
      int at = Math.min(damaged.length - 1, record + random.nextInt(600));
      damaged[at] =
          (byte) (random.nextBoolean() ? "/.\0".charAt(random.nextInt(3)) : random.nextInt());
    }
    return damaged;
  }

  private static void put(MemoryObjectStore store, String tar, byte[] content) {
    store.create(LAYOUT.tarPartitions(BACKUP).key(tar), content, Map.of());
  }

  private static byte[] tar(String name) {
    return Codec.LZ4.decompress(
        GoldenArchive.bytes(
            "basebackups_005/" + GoldenArchive.FULL + "/tar_partitions/" + name + ".lz4"),
        name,
        64 << 20);
  }

  private static void delete(Path folder) throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(all::add);
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }
}
