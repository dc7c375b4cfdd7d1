package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.ManifestWriter;
import io.pgbackup.engine.format.Tars;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.TestKeys;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedBackupFetcherTest {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("orders"));
  private static final BackupName BACKUP = new BackupName("base_000000010000000000000002");
  private static final byte[] LABEL = "START WAL LOCATION: 0/2000028\n".getBytes(UTF_8);

  private final MemoryObjectStore store = new MemoryObjectStore();
  @TempDir private Path folder;

  @Test
  void aFullBackupOfWalgIsUnpacked() throws IOException {
    golden();
    var progress = new AtomicLong();
    var owned = new ArrayList<Path>();

    FetchedBackup fetched =
        new EmbeddedBackupFetcher(store, LAYOUT, 2)
            .fetch(
                new BackupName(GoldenArchive.FULL),
                new FetchTarget(target(), owned::add),
                progress::addAndGet);

    assertThat(fetched.matchesManifest()).isFalse();
    assertThat(fetched.files()).isEqualTo(969 + 3);
    assertThat(fetched.bytes()).isEqualTo(23_313_714).isEqualTo(progress.get());
    assertThat(fetched.leftOut()).isEmpty();
    assertThat(fetched.missing()).isEmpty();
    assertThat(target().resolve("PG_VERSION")).hasContent("15\n");
    assertThat(target().resolve("global/pg_control")).hasSize(8192);
    assertThat(target().resolve("backup_label")).content().startsWith("START WAL LOCATION: 0/2");
    assertThat(target().resolve("pg_wal/archive_status")).isEmptyDirectory();
    try (Stream<Path> all = Files.walk(target())) {
      assertThat(owned).containsExactlyInAnyOrderElementsOf(all.toList());
    }
    assertThat(owned.getLast()).isEqualTo(target());
  }

  @ParameterizedTest
  @EnumSource
  void everyCodecIsUnpacked(Codec codec) throws IOException {
    backup(codec, usual(new Tars()));

    fetch();

    assertThat(target().resolve("base/5/1259")).hasBinaryContent(new byte[8192]);
  }

  @Test
  void modesAreThoseOfTheHeaders() throws IOException {
    backup(
        Codec.LZ4,
        usual(new Tars())
            .directory("/", 0755)
            .directory("/base", 0750)
            .file("/base/x", new byte[1], 04640));

    fetch();

    assertThat(mode(target())).as("PostgreSQL refuses others").isEqualTo("rwx------");
    assertThat(mode(target().resolve("base"))).isEqualTo("rwxr-x---");
    assertThat(mode(target().resolve("base/x"))).isEqualTo("rw-r-----");
    assertThat(mode(target().resolve("pg_wal"))).isEqualTo("rwx------");
  }

  @Test
  void listedFilesAreAWhitelist() throws IOException {
    backup(Codec.LZ4, usual(new Tars()).file("/stale", new byte[1]).directory("/empty", 0700));
    put(
        LAYOUT.filesMetadata(BACKUP),
        "{\"Files\":{\"/PG_VERSION\":{},\"/base/5/1259\":{}}}".getBytes(UTF_8));

    assertThat(fetch().files()).isEqualTo(5);

    assertThat(target().resolve("stale")).doesNotExist();
    assertThat(target().resolve("empty")).isEmptyDirectory();
    assertThat(target().resolve("global/pg_control")).exists();
    assertThat(target().resolve("backup_label")).exists();
  }

  @Test
  void listedFilesThatNoTarHoldsAreNamed() throws IOException {
    backup(Codec.LZ4, usual(new Tars()).directory("/base", 0700));
    put(
        LAYOUT.filesMetadata(BACKUP),
        """
        {"Files":{"/PG_VERSION":{},"/base/5/1259":{},"/base":{},"/base/5/2":{},
        "/base/5/1":{}}}"""
            .getBytes(UTF_8));

    assertThat(fetch().missing()).containsExactly("base/5/1", "base/5/2");
  }

  @Test
  void theLabelTarsLabelCounts() throws IOException {
    backup(Codec.LZ4, usual(new Tars()).file("/backup_label", "stale".getBytes(UTF_8)));

    fetch();

    assertThat(target().resolve("backup_label")).hasBinaryContent(LABEL);
  }

  @Test
  void aBackupThatMatchesItsManifestIsSaidToMatch() throws IOException {
    backup(Codec.ZSTD, usual(new Tars()));
    manifest(usualFiles());

    assertThat(fetch().matchesManifest()).isTrue();
  }

  @Test
  void aFileThatIsNotTheOneOfTheManifestIsNoticed() throws IOException {
    backup(Codec.ZSTD, usual(new Tars()));
    Map<String, byte[]> files = usualFiles();
    files.put("base/5/1259", new byte[8191]);
    manifest(files);

    assertDamaged("base/5/1259 is not the file that was backed up");
  }

  @Test
  void aFileThatNeverCameIsNoticed() throws IOException {
    backup(Codec.ZSTD, usual(new Tars()));
    Map<String, byte[]> files = usualFiles();
    files.put("base/5/1260", new byte[1]);
    manifest(files);

    assertDamaged("base/5/1260 is missing");
  }

  @Test
  void aFileThatTheManifestDoesNotKnowIsNoticed() throws IOException {
    backup(Codec.ZSTD, usual(new Tars()).file("/extra", new byte[1]));
    manifest(usualFiles());

    assertDamaged("extra is in a tar and not in its manifest");
  }

  @Test
  void aManifestOfAnotherBackupIsNoticed() throws IOException {
    backup(Codec.ZSTD, usual(new Tars()));
    var sink = new ByteArrayOutputStream();
    new ManifestWriter(
            sink,
            ObjectCipher.NONE,
            new Manifest(new BackupName("base_000000010000000000000009"), List.of()))
        .close();
    put(LAYOUT.manifest(BACKUP), sink.toByteArray());

    assertDamaged("is the manifest of base_000000010000000000000009");
  }

  @ParameterizedTest
  @ValueSource(strings = {"part_001.tar.lz4", "pg_control.tar.lz4", "backup_label.tar.lz4"})
  void aTarThatIsGoneIsNoticed(String tar) {
    golden();
    store.delete(List.of(LAYOUT.tarPartitions(BACKUP).key(tar)));

    assertProblem(Problem.VerificationFailed.class, "missing");
    assertThat(target().resolve("global/pg_wal")).doesNotExist();
  }

  @Test
  void aBackupWithoutTarsIsNoticed() {
    put(LAYOUT.sentinel(BACKUP), "{}".getBytes(UTF_8));

    assertDamaged("it has no tars");
  }

  @Test
  void aDeltaOfWalgIsPutTogetherWithItsFullBackup() throws IOException {
    golden();
    var progress = new AtomicLong();

    FetchedBackup fetched =
        fetcher()
            .fetch(
                new BackupName(GoldenArchive.DELTA),
                new FetchTarget(target(), _ -> {}),
                progress::addAndGet);

    assertThat(fetched.missing()).isEmpty();
    assertThat(target().resolve("backup_label")).content().startsWith("START WAL LOCATION: 0/5");
    assertThat(target().resolve("base/5/1259")).as("one page of it is the delta's").hasSize(114688);
    assertThat(fetched.bytes()).isEqualTo(sizeOf(target()));
    assertThat(progress.get()).isGreaterThan(fetched.bytes());
  }

  @Test
  void aBackupWithoutSentinelDoesNotExist() {
    assertProblem(Problem.NotFound.class, "there is no base backup " + BACKUP);
  }

  @Test
  void aDirectoryWithSomethingInItIsLeftAlone() throws IOException {
    backup(Codec.LZ4, usual(new Tars()));
    Files.createDirectories(target());
    Files.writeString(target().resolve("precious"), "data");

    assertProblem(Problem.Refused.class, "is not empty");
    assertThat(target().resolve("precious")).hasContent("data");
  }

  @Test
  void linksAreLeftOutAndNamed() throws IOException {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    backup(
        Codec.LZ4,
        usual(new Tars())
            .link(TarConstants.LF_SYMLINK, "/escape", outside.toString())
            .link(TarConstants.LF_LINK, "/hard", "/etc/passwd")
            .file("/escape/file", new byte[1]));

    assertThat(fetch().leftOut()).containsExactly("escape", "hard");

    assertThat(outside).isEmptyDirectory();
    assertThat(target().resolve("escape/file")).isRegularFile();
    assertThat(target().resolve("hard")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../outside", "/base/../../outside", "..", "/base/5/.."})
  void aMemberThatLeadsOutIsRefused(String name) throws IOException {
    backup(Codec.LZ4, usual(new Tars()).file(name, new byte[1]));

    assertDamaged("leads out of the data directory");
    assertThat(folder.resolve("outside")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"part_002.tar.lzo", "notes.txt"})
  void aTarOfAnUnknownCodecIsNamed(String tar) throws IOException {
    backup(Codec.LZ4, usual(new Tars()));
    put(LAYOUT.tarPartitions(BACKUP).key(tar), new byte[10]);

    assertDamaged(tar + " is no tar in a codec that pgbackup reads");
  }

  @ParameterizedTest
  @ValueSource(strings = {"part_002.tar.lz4", "part_002.tar.zst", "part_002.tar"})
  void anEncryptedTarIsNamed(String tar) throws IOException {
    backup(Codec.LZ4, usual(new Tars()));
    put(LAYOUT.tarPartitions(BACKUP).key(tar), "ciphertext".repeat(100).getBytes(UTF_8));

    assertDamaged("is encrypted");
  }

  @Test
  void aPlainTarOfABackupThatNamesAKeyIsNotBelieved() {
    backup(Codec.LZ4, usual(new Tars()));
    ObjectCipher cipher = new TestKeys(folder).libsodium();
    var withKey = new EmbeddedBackupFetcher(store, LAYOUT, cipher, 1);
    String key = cipher.fingerprint().orElseThrow();
    store.delete(List.of(LAYOUT.sentinel(BACKUP)));
    put(
        LAYOUT.sentinel(BACKUP),
        "{\"PgBackupKeyFingerprint\":\"%s\"}".formatted(key).getBytes(UTF_8));

    assertThatThrownBy(() -> withKey.fetch(BACKUP, new FetchTarget(target(), _ -> {}), _ -> {}))
        .hasMessageContaining("was written with the key " + key + ", and is not encrypted");
    assertDamaged("is encrypted with the key " + key + "; no key to read with is configured");
  }

  @Test
  void aTarWhoseSourceBreaksOffIsFetchedAgain() throws IOException {
    var flaky = new BreakingStore(2);
    backup(flaky, Codec.NONE, usual(new Tars()));
    var progress = new AtomicLong();

    new EmbeddedBackupFetcher(flaky, LAYOUT, 1)
        .fetch(BACKUP, new FetchTarget(target(), _ -> {}), progress::addAndGet);

    assertThat(target().resolve("base/5/1259")).hasBinaryContent(new byte[8192]);
    assertThat(progress.get()).isEqualTo(8192 + 8192 + 3 + LABEL.length);
    assertThat(flaky.failures).hasValue(0);
  }

  @Test
  void aTarWithoutTheMarkOfItsEndIsReadWhereTheCodecTellsTheEnd() throws IOException {
    backup(Codec.LZ4, usual(new Tars()));
    byte[] tar = unmarked(new Tars().file("/x", ones()));
    put(LAYOUT.tarPartitions(BACKUP).key("part_002.tar.lz4"), Codec.LZ4.compress(tar));

    fetch();

    assertThat(target().resolve("x")).hasSize(512);
  }

  @Test
  void aTarWithoutTheMarkOfItsEndAndWithoutCodecIsReadWhereTheListSaysThatAllIsThere()
      throws IOException {
    backup(Codec.NONE, usual(new Tars()));
    ObjectKey cut = LAYOUT.tarPartitions(BACKUP).key("part_002.tar");
    put(cut, unmarked(new Tars().file("/x", ones())));

    assertDamaged("part_002.tar ends without the mark of its end");

    put(
        LAYOUT.filesMetadata(BACKUP),
        "{\"Files\":{\"/PG_VERSION\":{},\"/base/5/1259\":{},\"/x\":{}}}".getBytes(UTF_8));
    Trees.delete(target());
    assertThat(fetch().missing()).isEmpty();

    store.delete(List.of(cut));
    put(cut, new byte[0]);
    Trees.delete(target());
    assertDamaged("it is empty");
  }

  @Test
  void aDamagedTarIsNotFetchedAgain() throws IOException {
    backup(Codec.LZ4, usual(new Tars()));
    byte[] tar = Codec.LZ4.compress(new Tars().file("/x", new byte[5000]).bytes());
    tar[tar.length - 1] ^= 1;
    put(LAYOUT.tarPartitions(BACKUP).key("part_002.tar.lz4"), tar);

    assertDamaged("part_002.tar.lz4 is damaged or incomplete");
  }

  private static Tars usual(Tars tars) {
    return tars.file("/PG_VERSION", "18\n".getBytes(UTF_8)).file("/base/5/1259", new byte[8192]);
  }

  private static Map<String, byte[]> usualFiles() {
    return new HashMap<>(
        Map.of(
            "PG_VERSION", "18\n".getBytes(UTF_8),
            "base/5/1259", new byte[8192],
            "global/pg_control", new byte[8192],
            "backup_label", LABEL,
            "tablespace_map", new byte[0]));
  }

  private void backup(Codec codec, Tars part) {
    backup(store, codec, part);
  }

  private static void backup(MemoryObjectStore store, Codec codec, Tars part) {
    var tars =
        Map.of(
            "part_001.tar", part,
            "pg_control.tar", new Tars().file("/global/pg_control", new byte[8192]),
            "backup_label.tar",
                new Tars().file("backup_label", LABEL).file("tablespace_map", new byte[0]));
    tars.forEach(
        (name, tar) ->
            store.create(
                LAYOUT.tarPartitions(BACKUP).key(name + codec.extension()),
                codec.compress(tar.bytes()),
                Map.of()));
    store.create(LAYOUT.sentinel(BACKUP), "{}".getBytes(UTF_8), Map.of());
  }

  private void manifest(Map<String, byte[]> files) throws IOException {
    var sink = new ByteArrayOutputStream();
    try (var writer =
        new ManifestWriter(sink, ObjectCipher.NONE, new Manifest(BACKUP, List.of()))) {
      for (var file : files.entrySet()) {
        writer.add(
            new ManifestFile(
                file.getKey(),
                file.getValue().length,
                Sha256.hex(file.getValue()),
                "part_001.tar.zst",
                List.of()));
      }
    }
    put(LAYOUT.manifest(BACKUP), sink.toByteArray());
  }

  private void golden() {
    Path archive = folder.resolve("archive");
    GoldenArchive.copyInto(archive);
    try (Stream<Path> files = Files.walk(archive)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        put(LAYOUT.prefix().key(archive.relativize(file).toString()), Files.readAllBytes(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void put(ObjectKey key, byte[] content) {
    store.create(key, content, Map.of());
  }

  private Path target() {
    return folder.resolve("restored/data");
  }

  private EmbeddedBackupFetcher fetcher() {
    return new EmbeddedBackupFetcher(store, LAYOUT, 2);
  }

  private FetchedBackup fetch() {
    return fetcher().fetch(BACKUP, new FetchTarget(target(), _ -> {}), _ -> {});
  }

  private static long sizeOf(Path directory) throws IOException {
    long size = 0;
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        size += Files.size(file);
      }
    }
    return size;
  }

  private static byte[] ones() {
    byte[] content = new byte[512];
    Arrays.fill(content, (byte) 1);
    return content;
  }

  private static byte[] unmarked(Tars tars) {
    byte[] tar = tars.bytes();
    int end = tar.length;
    while (tar[end - 1] == 0) {
      end--;
    }
    return Arrays.copyOf(tar, end);
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private void assertDamaged(String words) {
    assertProblem(Problem.VerificationFailed.class, words);
  }

  private void assertProblem(Class<? extends Problem> kind, String words) {
    assertProblem(this::fetch, kind, words);
  }

  private static void assertProblem(
      ThrowingCallable call, Class<? extends Problem> kind, String words) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class, e -> assertThat(e.problem()).isInstanceOf(kind))
        .hasMessageContaining(words);
  }

  /// Tars end with a connection reset after some bytes, a number of times.
  private static final class BreakingStore extends MemoryObjectStore {
    private final AtomicInteger failures;

    private BreakingStore(int failures) {
      this.failures = new AtomicInteger(failures);
    }

    @Override
    public synchronized InputStream open(ObjectKey key) {
      InputStream whole = super.open(key);
      if (!key.name().startsWith("part_") || failures.getAndUpdate(n -> Math.max(0, n - 1)) == 0) {
        return whole;
      }
      return new FilterInputStream(whole) {
        private int left = 3000;

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
          if (left == 0) {
            throw new IOException("connection reset");
          }
          int count = super.read(bytes, offset, Math.min(length, left));
          left -= Math.max(count, 0);
          return count;
        }
      };
    }
  }
}
