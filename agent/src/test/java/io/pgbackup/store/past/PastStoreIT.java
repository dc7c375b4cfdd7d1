package io.pgbackup.store.past;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.FolderListing;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.VersionedStore.Keeping;
import io.pgbackup.store.open.Stores;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.SessionCredentials;
import io.pgbackup.testing.Thief;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;

/// On real MinIO.
class PastStoreIT {
  private static final String FOLDER = "fleet/c1/";
  private static final String LIMITED =
      """
      {"Version":"2012-10-17","Statement":[
       {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::BUCKET/fleet/c1/*"]},
       {"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::BUCKET"],
        "Condition":{"StringLike":{"s3:prefix":["fleet/c1/*"]}}}]}""";

  @TempDir Path directory;
  private final List<ObjectStore> open = new ArrayList<>();
  private S3Server server;
  private S3Client client;
  private String bucket;

  @BeforeEach
  void bucket() {
    server = S3Server.shared();
    client = server.client();
    bucket = server.newVersionedBucket();
  }

  @AfterEach
  void close() {
    open.forEach(ObjectStore::close);
    if (client != null) {
      client.close();
    }
  }

  private PastStore asOf(Instant instant) {
    return asOf(server.storageConfig(bucket), instant);
  }

  private PastStore asOf(StorageConfig storage, Instant instant) {
    PastStore store = Stores.openAsOf(storage, Optional.empty(), instant);
    open.add(store);
    return store;
  }

  /// Behind the back of every rule of ours.
  private void put(String key, String content) {
    client.putObject(
        request ->
            request
                .bucket(bucket)
                .key(FOLDER + key)
                .metadata(Map.of("is", content.substring(0, Math.min(20, content.length())))),
        RequestBody.fromString(content));
  }

  private void delete(String key) {
    client.deleteObject(request -> request.bucket(bucket).key(FOLDER + key));
  }

  /// An instant between what was done and what will be done, by the server's clock.
  private static Instant now() throws InterruptedException {
    Thread.sleep(5);
    Instant instant = Instant.now();
    Thread.sleep(5);
    return instant;
  }

  private static String content(ObjectStore store, String key) {
    try (InputStream stream = store.open(new ObjectKey(FOLDER + key))) {
      return new String(stream.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> keys(ObjectStore store, String prefix) {
    try (Stream<StoredObject> objects = store.list(FOLDER + prefix)) {
      return objects.map(object -> object.key().value().substring(FOLDER.length())).toList();
    }
  }

  private static Optional<StoredObject> head(ObjectStore store, String key) {
    return store.head(new ObjectKey(FOLDER + key));
  }

  @Test
  void showsWhatStoodThereAndNothingElse() throws Exception {
    // given
    put("gone/early", "deleted before");
    put("wal/1", "first");
    put("wal/2", "second");
    put("wal/10", "tenth");
    put("wal/again", "first life");
    delete("gone/early");
    delete("wal/again");
    put("wal/again", "second life");
    Instant before = now();
    put("wal/1", "overwritten");
    put("wal/1", "overwritten again");
    delete("wal/2");
    delete("wal/again");
    put("wal/3", "planted");
    put("planted/x", "planted");

    // when
    PastStore then = asOf(before);

    // then
    assertThat(then.keeping()).isEqualTo(Keeping.KEPT);
    assertThat(keys(then, "")).containsExactly("wal/1", "wal/10", "wal/2", "wal/again");
    assertThat(content(then, "wal/1")).isEqualTo("first");
    assertThat(content(then, "wal/2")).isEqualTo("second");
    assertThat(content(then, "wal/again")).isEqualTo("second life");
    assertThat(head(then, "wal/1").orElseThrow())
        .satisfies(
            object -> assertThat(object.size()).isEqualTo(5),
            object -> assertThat(object.metadata()).isEqualTo(Map.of("is", "first")));
    assertThat(head(then, "wal/3")).isEmpty();
    assertThat(head(then, "gone/early")).isEmpty();
    assertThatThrownBy(() -> content(then, "wal/3"))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> assertThat(failure.problem()).isInstanceOf(Problem.NotFound.class));
    StoreFolder folder = StoreFolder.of(FOLDER);
    assertThat(then.folders(folder)).containsExactly(folder.folder("wal"));
    assertThat(then.folders(StoreFolder.ROOT)).containsExactly(StoreFolder.of("fleet"));
    assertThat(then.folders(folder, 1)).returns(true, FolderListing::complete);
    assertThat(then.objects(folder.folder("wal"), "1").map(object -> object.key().name()))
        .containsExactly("1", "10");
    assertThat(then.objects(folder, "")).isEmpty();

    Changes changes = then.changes();
    assertThat(changes.overwritten()).isEqualTo(1);
    assertThat(changes.deleted()).isEqualTo(2);
    assertThat(changes.ambiguous()).isZero();
    assertThat(changes.first().orElseThrow())
        .satisfies(
            first -> assertThat(first.key().name()).isEqualTo("1"),
            first -> assertThat(first.at()).isAfter(before));
  }

  @Test
  void eachInstantHasItsOwnState() throws Exception {
    List<Instant> instants = new ArrayList<>(List.of(now()));
    for (int life = 0; life < 3; life++) {
      put("wal/1", "life " + life);
      instants.add(now());
      delete("wal/1");
      instants.add(now());
    }

    List<Optional<String>> seen =
        instants.stream()
            .map(instant -> asOf(instant))
            .map(store -> head(store, "wal/1").map(_ -> content(store, "wal/1")))
            .toList();

    assertThat(seen)
        .containsExactly(
            Optional.empty(),
            Optional.of("life 0"),
            Optional.empty(),
            Optional.of("life 1"),
            Optional.empty(),
            Optional.of("life 2"),
            Optional.empty());
  }

  /// A page has 1000 entries, versions and deletions together.
  @Test
  void anObjectsVersionsMayLieOnSeveralPages() throws Exception {
    put("wal/1", "honest");
    put("wal/2", "honest too");
    Instant before = now();
    IntStream.range(0, 1500).forEach(number -> put("wal/1", "flood " + number));

    PastStore then = asOf(before);

    assertThat(keys(then, "wal/")).containsExactly("wal/1", "wal/2");
    assertThat(content(then, "wal/1")).isEqualTo("honest");
    assertThat(content(asOf(before), "wal/1")).isEqualTo("honest");
    assertThat(then.changes().overwritten()).isEqualTo(1);
  }

  @Test
  void aDownloadThatBreaksOffGoesOnInTheSameVersion() throws Exception {
    String large = "honest".repeat(100_000);
    put("wal/1", large);
    Instant before = now();
    put("wal/1", "x".repeat(large.length()));
    try (FaultyProxy proxy = FaultyProxy.before(server.endpoint())) {
      proxy.breakNext(
          2, request -> request.is("GET", "wal/1"), new FaultyProxy.Fault.CutAnswer(70_000, true));

      assertThat(content(asOf(server.storageConfig(bucket, proxy.endpoint()), before), "wal/1"))
          .isEqualTo(large);
      assertThat(proxy.requests())
          .filteredOn(request -> request.is("GET", "wal/1"))
          .hasSize(3)
          .allMatch(request -> request.target().contains("versionId="));
    }
  }

  @Test
  void writesNothing() throws Exception {
    put("wal/1", "first");
    PastStore then = asOf(now());
    ObjectKey key = new ObjectKey(FOLDER + "wal/new");

    assertRefused(() -> then.create(key, new byte[1], Map.of()));
    assertRefused(() -> then.upload(key, Map.of()));
    assertRefused(() -> then.replace(key, new byte[1], Optional.empty()));
    assertRefused(() -> then.delete(List.of(key)));

    assertThat(then.live().create(key, new byte[1], Map.of())).isNotNull();
    assertThat(then.head(key)).isEmpty();
  }

  @Test
  void aBucketThatKeepsNoVersionsIsRefusedByName() throws Exception {
    bucket = server.newBucket();
    put("wal/1", "first");
    Instant instant = now();

    assertThatThrownBy(() -> asOf(instant))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure.problem()).isInstanceOf(Problem.Refused.class);
              assertThat(failure.problem().message())
                  .isEqualTo("s3://" + bucket + " keeps no versions");
              assertThat(failure.problem().hint().orElseThrow()).contains("docs/immutability.md");
            });

    PastStore limited = asOf(limited(), instant);
    assertThat(limited.keeping()).isEqualTo(Keeping.UNKNOWN);
    assertRefused(() -> keys(limited, "wal/"));
  }

  /// A restorer may list and read, and not ask for the bucket's configuration.
  @Test
  void rightsToReadSuffice() throws Exception {
    put("wal/1", "first");
    Instant before = now();
    put("wal/1", "overwritten");

    PastStore then = asOf(limited(), before);

    assertThat(then.keeping()).isEqualTo(Keeping.UNKNOWN);
    assertThat(keys(then, "wal/")).containsExactly("wal/1");
    assertThat(content(then, "wal/1")).isEqualTo("first");
    assertThatThrownBy(() -> then.list("fleet/c2/")).hasMessageContaining("s3:ListBucketVersions");
  }

  /// A header of MinIO's replication, which every right to put suffices for.
  @Test
  void aVersionThatMinioWasToldAnotherTimeForIsAtLeastNoticed() throws Exception {
    put("wal/1", "honest");
    Instant before = now();
    try (Thief thief =
        new Thief(
            server,
            bucket,
            AccessPolicy.of(Role.ARCHIVER, new ClusterScope(bucket, StoreFolder.of("fleet/c1"))))) {
      thief.backdate(FOLDER + "wal/1", before.minusMillis(1));
    }

    PastStore then = asOf(before);

    assertThat(content(then, "wal/1")).isNotEqualTo("honest");
    assertThat(then.changes().ambiguous()).isEqualTo(1);
    assertThat(then.changes().ambiguousExample().orElseThrow().name()).isEqualTo("1");
  }

  private StorageConfig limited() throws IOException {
    return SessionCredentials.limit(
        server, server.storageConfig(bucket), LIMITED.replace("BUCKET", bucket), directory);
  }

  @Test
  void whatWasWrittenBeforeVersionsWereKeptIsRead() throws Exception {
    bucket = server.newBucket();
    put("wal/1", "first");
    client.putBucketVersioning(
        request ->
            request
                .bucket(bucket)
                .versioningConfiguration(it -> it.status(BucketVersioningStatus.ENABLED)));
    Instant before = now();
    put("wal/1", "overwritten");

    assertThat(content(asOf(before), "wal/1")).isEqualTo("first");

    client.putBucketVersioning(
        request ->
            request
                .bucket(bucket)
                .versioningConfiguration(it -> it.status(BucketVersioningStatus.SUSPENDED)));
    PastStore suspended = asOf(before);
    assertThat(suspended.keeping()).isEqualTo(Keeping.SUSPENDED);
    assertThat(content(suspended, "wal/1")).isEqualTo("first");
  }

  @Test
  void cloudflareIsRefusedByNameAndNotAsked() {
    StorageConfig r2 =
        server.storageConfig(
            bucket,
            java.net.URI.create(
                "https://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com"));

    assertThatThrownBy(() -> asOf(r2, Instant.EPOCH))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure ->
                assertThat(failure.problem().message())
                    .contains("Cloudflare R2, which keeps no versions"));
  }

  private static void assertRefused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> assertThat(failure.problem()).isInstanceOf(Problem.Refused.class));
  }
}
