package io.pgbackup.store.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a file store leaves on disk, and what it makes of what others leave there.
class FileObjectStoreFilesTest {
  private static final ObjectKey KEY = new ObjectKey("c1/wal_005/x.lz4");
  private static final Map<String, String> METADATA = Map.of("pgbackup-sha256", "1");

  @TempDir Path directory;
  private Path root;
  private ObjectStore store;

  @BeforeEach
  void open() throws IOException {
    root = Files.createDirectory(directory.resolve("store"));
    store = FileObjectStore.open(root);
  }

  @Test
  void anObjectIsAFileThatOnlyItsOwnerReads() throws IOException {
    // when
    store.create(KEY, bytes("x"), METADATA);

    // then
    assertThat(root.resolve("c1/wal_005/x.lz4")).hasContent("x");
    assertThat(permissions("c1/wal_005/x.lz4")).isEqualTo("rw-------");
    assertThat(permissions("c1/pgbackup/.metadata/wal_005/x.lz4.json")).isEqualTo("rw-------");
    assertThat(permissions("c1/wal_005")).isEqualTo("rwx------");
    assertThat(permissions("c1")).isEqualTo("rwx------");
  }

  @ParameterizedTest
  @CsvSource({
    "c1/wal_005/x,                       c1/pgbackup/.metadata/wal_005/x.json",
    "c1/basebackups_005/b/tar/p,         c1/pgbackup/.metadata/basebackups_005/b/tar/p.json",
    "c1/pgbackup/claim.json,             c1/pgbackup/.metadata/pgbackup/claim.json.json",
    "pgbackup/n/c/u/18/wal_005/x,        pgbackup/n/c/u/18/pgbackup/.metadata/wal_005/x.json",
    "pgbackup/n/c/u/18/pgbackup/m/x,     pgbackup/n/c/u/18/pgbackup/.metadata/pgbackup/m/x.json",
    "wal_005/x,                          pgbackup/.metadata/wal_005/x.json",
    "elsewhere/x,                        pgbackup/.metadata/elsewhere/x.json",
    "x,                                  pgbackup/.metadata/x.json"
  })
  void metadataLiesInItsLineagesOwnFolder(String key, String file) {
    // when
    store.create(new ObjectKey(key), bytes("x"), METADATA);

    // then
    assertThat(root.resolve(file)).isRegularFile();
    assertThat(FileObjectStore.open(root).head(new ObjectKey(key)).orElseThrow().metadata())
        .isEqualTo(METADATA);
    assertThat(store.list("")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{\"size\":1}", "{\"size\":1,\"modified\":0,\"x\":0}"})
  void damagedMetadataCountsAsNone(String document) throws IOException {
    // given
    store.create(KEY, bytes("x"), METADATA);

    // when
    Files.writeString(root.resolve("c1/pgbackup/.metadata/wal_005/x.lz4.json"), document);

    // then
    assertThat(store.head(KEY).orElseThrow().metadata()).isEmpty();
    assertThat(((AlreadyThere) store.create(KEY, bytes("x"), METADATA)).object().metadata())
        .isEmpty();
  }

  @Test
  void metadataOfAnObjectThatAnotherProgramReplacedCountsAsNone() throws IOException {
    // given
    store.create(KEY, bytes("x"), METADATA);
    Path file = root.resolve(KEY.value());
    FileTime modified = Files.getLastModifiedTime(file);

    // when, then: as WAL-G deletes and writes again
    Files.delete(file);
    Files.writeString(file, "y");
    Files.setLastModifiedTime(file, FileTime.fromMillis(modified.toMillis() + 10));
    assertThat(store.head(KEY).orElseThrow().metadata()).isEmpty();

    // when, then
    Files.writeString(file, "longer");
    Files.setLastModifiedTime(file, modified);
    assertThat(store.head(KEY).orElseThrow().metadata()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x.lz4.tmp.20261121T040506Z-0123456789abcdef",
        ".pgbackup-lock",
        "lost+found",
        ".metadata",
        "control\ncharacter"
      })
  void filesThatAreNoObjectsAreNotShown(String name) throws IOException {
    // given
    store.create(KEY, bytes("x"), Map.of());
    Files.writeString(root.resolve("c1/wal_005").resolve(name), "y");
    Files.writeString(Files.createDirectories(root.resolve("c2").resolve(name)).resolve("z"), "y");

    // then
    assertThat(store.list("").map(object -> object.key())).containsExactly(KEY);
    assertThat(store.folders(StoreFolder.ROOT)).containsExactly(StoreFolder.of("c1"));
  }

  @Test
  void anUploadUnderWayIsHiddenFromWalg() throws IOException {
    try (ObjectUpload upload = store.upload(KEY, Map.of())) {
      // when
      upload.stream().write(bytes("x"));

      // then
      try (Stream<Path> files = Files.list(root.resolve("c1/wal_005"))) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .singleElement()
            .asString()
            .matches("x\\.lz4\\.tmp\\.[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "c1/x.tmp.20261121T040506Z-0123456789abcdef",
        "c1/.metadata/x",
        ".pgbackup-lock",
        "lost+found/x"
      })
  void keysThatWouldBeHiddenAreRefused(String key) {
    assertMisconfigured(() -> store.create(new ObjectKey(key), bytes("x"), Map.of()), key);
  }

  @Test
  void symbolicLinksAreNotFollowed() throws IOException {
    // given
    Path outside = Files.createDirectory(directory.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "secret");
    Files.createSymbolicLink(root.resolve("folder"), outside);
    Files.createSymbolicLink(root.resolve("object"), outside.resolve("secret"));

    // then
    for (String key : List.of("folder/secret", "object", "folder/new/x")) {
      ObjectKey linked = new ObjectKey(key);
      assertMisconfigured(() -> store.head(linked), "symbolic link");
      assertMisconfigured(() -> store.open(linked), "symbolic link");
      assertMisconfigured(() -> store.create(linked, bytes("x"), Map.of()), "symbolic link");
      assertMisconfigured(() -> store.delete(List.of(linked)), "symbolic link");
    }
    assertThat(store.list("")).isEmpty();
    assertThat(store.folders(StoreFolder.ROOT)).isEmpty();
    assertThat(outside).isDirectoryContaining("glob:**/secret");
  }

  @Test
  void theRootItselfMayBeASymbolicLink() throws IOException {
    // given
    Path link = Files.createSymbolicLink(directory.resolve("link"), root);

    // when
    FileObjectStore.open(link).create(KEY, bytes("x"), Map.of());

    // then
    assertThat(store.head(KEY)).isPresent();
  }

  @Test
  void aStoreThatWasUnmountedIsAFailureAndNotEmpty() throws IOException {
    // given
    store.create(KEY, bytes("x"), Map.of());

    // when: another directory lies where the file system was mounted
    Files.move(root, directory.resolve("moved"));
    Files.createDirectory(root);

    // then
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> store.head(KEY),
            () -> store.open(KEY),
            () -> store.list("c1/").toList(),
            () -> store.folders(StoreFolder.ROOT),
            () -> store.create(KEY, bytes("x"), Map.of()))) {
      assertThatThrownBy(call)
          .isInstanceOfSatisfying(
              PgBackupException.class,
              failure -> assertThat(failure.problem()).isInstanceOf(Problem.StorageFailed.class));
    }
    Files.delete(root);
    assertThatThrownBy(() -> store.head(KEY)).isInstanceOf(PgBackupException.class);
  }

  @Test
  void aFileIsNoFolderAndAFolderNoObject() {
    // given
    store.create(new ObjectKey("a"), bytes("x"), Map.of());
    store.create(new ObjectKey("b/c"), bytes("x"), Map.of());

    // then
    assertThat(store.head(new ObjectKey("a/b"))).isEmpty();
    assertThat(store.head(new ObjectKey("b"))).isEmpty();
    assertThat(store.list("a/")).isEmpty();
    for (String key : List.of("a/b", "b")) {
      assertThatThrownBy(() -> store.create(new ObjectKey(key), bytes("y"), Map.of()))
          .isInstanceOfSatisfying(
              PgBackupException.class,
              failure -> assertThat(failure.problem()).isInstanceOf(Problem.StorageFailed.class));
    }
    assertThat(store.delete(List.of(new ObjectKey("a/b"), new ObjectKey("b")))).isEmpty();
    assertThat(store.list("")).hasSize(2);
  }

  @Test
  void keysThatMayNotBeDeletedAreReported() throws IOException {
    assumeFalse(System.getProperty("user.name").equals("root"), "root may delete anything");
    // given
    store.create(KEY, bytes("x"), Map.of());
    Files.setPosixFilePermissions(
        root.resolve("c1/wal_005"), PosixFilePermissions.fromString("r-x------"));

    // when
    List<ObjectKey> refused = store.delete(List.of(KEY));

    // then
    assertThat(refused).containsExactly(KEY);
    Files.setPosixFilePermissions(
        root.resolve("c1/wal_005"), PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void everyReplacementIsLaterThanTheLastEvenIfTheClockGoesBack() throws IOException {
    // given
    ObjectKey lease = new ObjectKey("c1/pgbackup/leases/backup");
    store.create(lease, bytes("0"), Map.of());
    FileTime future = FileTime.fromMillis(System.currentTimeMillis() + 3_600_000);
    Files.setLastModifiedTime(root.resolve(lease.value()), future);
    StoredObject before = store.head(lease).orElseThrow();

    // when
    String version = store.replace(lease, bytes("1"), Optional.of(before.version())).orElseThrow();

    // then
    StoredObject after = store.head(lease).orElseThrow();
    assertThat(after.version()).isEqualTo(version).isNotEqualTo(before.version());
    assertThat(after.modified()).isAfter(before.modified());
  }

  private String permissions(String file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve(file)));
  }

  private static void assertMisconfigured(ThrowingCallable call, String part) {
    assertThatThrownBy(call)
        .hasMessageContaining(part)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> assertThat(failure.problem()).isInstanceOf(Problem.Misconfigured.class));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
