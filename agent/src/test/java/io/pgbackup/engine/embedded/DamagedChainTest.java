package io.pgbackup.engine.embedded;

import static io.pgbackup.engine.embedded.ChainArchive.LAYOUT;
import static io.pgbackup.engine.embedded.ChainArchive.PAGE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.embedded.ChainArchive.Entry;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// Damage in any object of a chain is refused or unpacked, never anything else: no hang, no
/// exhausted memory, no file outside the directory.
class DamagedChainTest {
  private static final List<String> SHARDS =
      List.of(
          "\"..\"",
          "/../",
          "..",
          "\"",
          "{",
          "}",
          "[",
          "null",
          ":",
          ",",
          "true",
          "-1",
          "1e99",
          "\\u0000",
          "/",
          "99999999999999999999",
          "IsSkipped",
          "IsIncremented",
          "DeltaFrom",
          "DeltaFullName",
          "\"Spec\":{\"base_prefix\":\"/\",\"tablespaces\":[\"1\"],\"1\":{\"loc\":\"/etc\",\"link\":\"x\"}},");

  @Property(tries = 150)
  void damageNeverLeadsAstray(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    ChainArchive archive = chain();
    try (Stream<StoredObject> objects = archive.store.list("")) {
      List<ObjectKey> keys =
          objects.map(StoredObject::key).sorted(Comparator.comparing(ObjectKey::value)).toList();
      for (int i = random.nextInt(3); i >= 0; i--) {
        damage(archive, keys.get(random.nextInt(keys.size())), random);
      }
    }
    Path folder = Files.createTempDirectory("pgbackup-damaged-chain-");
    try {
      new EmbeddedBackupFetcher(archive.store, LAYOUT, 1)
          .fetch(archive.newest(), new FetchTarget(folder.resolve("data"), _ -> {}), _ -> {});
    } catch (PgBackupException e) {
      assertThat(e.problem())
          .isInstanceOfAny(
              Problem.VerificationFailed.class,
              Problem.StorageFailed.class,
              // a damaged name that begins with pg_tblspc
              Problem.Refused.class);
    } finally {
      try (Stream<Path> entries = Files.list(folder)) {
        assertThat(entries.map(path -> path.getFileName().toString())).isSubsetOf("data");
      }
      delete(folder);
    }
  }

  private static ChainArchive chain() {
    byte[] one = new byte[3 * PAGE];
    return new ChainArchive()
        .add(Map.of("/base/1/1", new Entry.Whole(one), "/base/1/2", new Entry.Whole(one)))
        .add(
            Map.of(
                "/base/1/1",
                new Entry.Pages(4L * PAGE, new TreeMap<>(Map.of(1, new byte[PAGE]))),
                "/base/1/2",
                new Entry.Skipped()))
        .add(
            Map.of(
                "/base/1/1",
                new Entry.Pages(2L * PAGE, new TreeMap<>(Map.of(0, new byte[PAGE]))),
                "/base/1/2",
                new Entry.Skipped(),
                "/base/1/3",
                new Entry.Whole(new byte[10])));
  }

  private static void damage(ChainArchive archive, ObjectKey key, Random random)
      throws IOException {
    byte[] stored;
    try (InputStream in = archive.store.open(key)) {
      stored = in.readAllBytes();
    }
    boolean tar = key.name().endsWith(".lz4");
    byte[] content = tar ? Codec.LZ4.decompress(stored, key.value(), 1 << 20) : stored;
    byte[] damaged = tar ? tarDamaged(content, random) : jsonDamaged(content, random);
    archive.store.delete(List.of(key));
    archive.store.create(key, tar ? Codec.LZ4.compress(damaged) : damaged, Map.of());
  }

  private static byte[] jsonDamaged(byte[] json, Random random) {
    StringBuilder text = new StringBuilder(new String(json, UTF_8));
    for (int i = random.nextInt(3); i >= 0; i--) {
      int at = random.nextInt(text.length() + 1);
      String shard = SHARDS.get(random.nextInt(SHARDS.size()));
      int end = random.nextBoolean() ? at : Math.min(text.length(), at + shard.length());
      text.replace(at, end, shard);
    }
    return text.toString().getBytes(UTF_8);
  }

  /// Headers, and the beginnings of contents, where increments have theirs.
  private static byte[] tarDamaged(byte[] tar, Random random) {
    byte[] damaged = tar.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      int record = random.nextInt(Math.max(1, damaged.length / 512)) * 512;
      damaged[Math.min(damaged.length - 1, record + random.nextInt(24))] = (byte) random.nextInt();
    }
    return damaged;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
