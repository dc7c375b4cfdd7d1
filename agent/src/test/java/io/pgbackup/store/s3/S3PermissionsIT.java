package io.pgbackup.store.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.SessionCredentials;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The policies in `docs/storage.md` are enough for their roles, and no more than that.
class S3PermissionsIT {
  private static final int PART = 5 << 20;
  private static final S3Tuning TUNING =
      new S3Tuning(PART, 2, 2, 2, Duration.ofMillis(1), Duration.ofMillis(1));
  private static final String FOLDER = "pgbackup/shop/orders";
  private static final ObjectKey STORED = new ObjectKey(FOLDER + "/u/18/wal_005/stored");
  private static final ObjectKey NEW = new ObjectKey(FOLDER + "/u/18/wal_005/new");
  private static final ObjectKey LEASE = new ObjectKey(FOLDER + "/u/18/pgbackup/leases/restore");
  private static final ObjectKey NEIGHBOUR =
      new ObjectKey("pgbackup/shop/orders2/u/18/wal_005/stored");
  private static final byte[] CONTENT = "x".getBytes(UTF_8);

  @TempDir Path directory;
  private S3Server server;
  private String bucket;
  private ObjectStore owner;

  @BeforeEach
  void store() {
    server = S3Server.shared();
    bucket = server.newBucket();
    owner = S3ObjectStore.open(server.storageConfig(bucket), TUNING);
    owner.create(STORED, CONTENT, Map.of());
    owner.create(NEIGHBOUR, CONTENT, Map.of());
  }

  @AfterEach
  void close() {
    if (owner != null) {
      owner.close();
    }
  }

  @Test
  void theArchiverWritesAndReadsButDoesNotDelete() throws Exception {
    try (ObjectStore archiver = limitedBy(0)) {
      // when, then: everything but deleting
      assertReads(archiver);
      assertThat(archiver.create(NEW, CONTENT, Map.of())).isInstanceOf(Created.class);
      assertThat(archiver.create(STORED, CONTENT, Map.of())).isInstanceOf(AlreadyThere.class);
      assertThat(upload(archiver, new ObjectKey(NEW + "-parts"))).isInstanceOf(Created.class);
      assertThat(upload(archiver, STORED)).isInstanceOf(AlreadyThere.class);
      String version = archiver.replace(LEASE, CONTENT, Optional.empty()).orElseThrow();
      assertThat(archiver.replace(LEASE, CONTENT, Optional.of(version))).isPresent();
      try (ObjectUpload abandoned = archiver.upload(NEW, Map.of())) {
        abandoned.stream().write(new byte[PART + 1]);
      }
      assertThat(archiver.delete(List.of(STORED, NEW))).containsExactly(STORED, NEW);
      assertSeesNothingElse(archiver);
    }
    assertThat(owner.head(STORED)).isPresent();
    try (var client = server.client()) {
      assertThat(
              client
                  .listMultipartUploads(list -> list.bucket(bucket).prefix(NEW.value()))
                  .uploads())
          .isEmpty();
    }
  }

  @Test
  void theRestorerReadsAndWritesOnlyLeases() throws Exception {
    try (ObjectStore restorer = limitedBy(1)) {
      // when, then
      assertReads(restorer);
      assertThat(restorer.replace(LEASE, CONTENT, Optional.empty())).isPresent();
      assertForbidden(() -> restorer.create(NEW, CONTENT, Map.of()));
      assertForbidden(() -> upload(restorer, NEW));
      assertThat(restorer.delete(List.of(STORED))).containsExactly(STORED);
      assertSeesNothingElse(restorer);
    }
    assertThat(owner.head(STORED)).isPresent();
    assertThat(owner.head(NEW)).isEmpty();
  }

  private static void assertReads(ObjectStore store) throws Exception {
    assertThat(store.head(STORED)).isPresent();
    assertThat(store.head(NEW)).isEmpty();
    try (InputStream stream = store.open(STORED)) {
      assertThat(stream.readAllBytes()).isEqualTo(CONTENT);
    }
    assertThat(store.list(FOLDER + "/").map(object -> object.key())).containsExactly(STORED);
    assertThat(store.folders(StoreFolder.of(FOLDER)))
        .containsExactly(StoreFolder.of(FOLDER + "/u"));
  }

  private static void assertSeesNothingElse(ObjectStore store) {
    assertForbidden(() -> store.head(NEIGHBOUR));
    assertForbidden(() -> store.open(NEIGHBOUR));
    assertForbidden(() -> store.list("pgbackup/shop/orders2/").toList());
    assertForbidden(() -> store.list(FOLDER).toList());
    assertForbidden(() -> store.folders(StoreFolder.ROOT));
    assertForbidden(() -> store.create(new ObjectKey(NEIGHBOUR + "2"), CONTENT, Map.of()));
  }

  private static void assertForbidden(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure.problem()).isInstanceOf(Problem.StorageFailed.class);
              assertThat(failure.problem().retryMayHelp()).isFalse();
            });
  }

  private static Object upload(ObjectStore store, ObjectKey key) throws Exception {
    try (ObjectUpload upload = store.upload(key, Map.of())) {
      upload.stream().write(new byte[PART + 1]);
      return upload.complete();
    }
  }

  /// @param number of the policy on the page
  private ObjectStore limitedBy(int number) throws Exception {
    String policy =
        Pattern.compile("(?s)```json\\n(.*?)```")
            .matcher(Files.readString(Path.of("..", "docs", "storage.md")))
            .results()
            .map(match -> match.group(1))
            .toList()
            .get(number)
            .replace("BUCKET", bucket)
            .replace("FOLDER", FOLDER);
    StorageConfig limited =
        SessionCredentials.limit(server, server.storageConfig(bucket), policy, directory);
    return S3ObjectStore.open(limited, TUNING);
  }
}
