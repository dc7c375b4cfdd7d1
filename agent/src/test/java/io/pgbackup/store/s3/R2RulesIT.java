package io.pgbackup.store.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.telemetry.StoreTraffic;
import io.pgbackup.testing.SteppingClock;
import io.pgbackup.testing.r2.R2Access;
import io.pgbackup.testing.r2.R2StandIn;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// The store keeps R2's rules, as a stand-in for R2 judges them.
@Timeout(120)
class R2RulesIT {
  private static final int PART = 5 << 20;
  private static final S3Tuning TUNING =
      new S3Tuning(PART, 3, 2, 8, Duration.ofMillis(100), Duration.ofSeconds(2));
  private static final ClusterId ORDERS = new ClusterId("shop", "orders");
  private static final String FOLDER = "pgbackup/shop/orders/";
  private static final ObjectKey KEY = new ObjectKey(FOLDER + "u/18/wal_005/x");
  private static final byte[] CONTENT = "content".getBytes(UTF_8);

  @TempDir private Path directory;
  private final SteppingClock clock = new SteppingClock(Instant.parse("2026-11-21T12:00:00Z"));
  private final R2StandIn r2 = new R2StandIn(clock);
  private ObjectStore store;

  @BeforeEach
  void open() {
    store = store(Role.ARCHIVER);
  }

  private ObjectStore store(Role role) {
    return S3ObjectStore.open(storage(role), TUNING);
  }

  private StorageConfig storage(Role role) {
    AccessKeys keys = R2Access.issue(r2, ORDERS, role, clock);
    return R2Access.storage(r2, keys, directory);
  }

  @AfterEach
  void close() {
    store.close();
    r2.close();
  }

  /// P61.
  @Test
  void writesPartsOfOneSize() throws Exception {
    // given
    byte[] content = random(3 * PART + 1);

    // when
    Object outcome = upload(content);

    // then
    assertThat(outcome).isInstanceOf(Created.class);
    assertThat(r2.content(KEY.value())).contains(content);
    assertThat(r2.requests())
        .filteredOn(request -> request.operation().equals("UploadPart"))
        .extracting(request -> request.signed().body().length)
        .containsExactlyInAnyOrder(PART, PART, PART, 1);
    assertThat(upload(content)).isInstanceOf(AlreadyThere.class);
    assertThat(r2.keysUnderWay()).isEmpty();
    assertThat(r2.faults()).isEmpty();
  }

  @Test
  void asksForNothingThatR2DoesNotKnow() throws Exception {
    // when
    assertThat(store.create(KEY, CONTENT, Map.of("pgbackup-sha256", "1")))
        .isInstanceOf(Created.class);
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(AlreadyThere.class);
    assertThat(store.head(KEY).orElseThrow().metadata()).isEqualTo(Map.of("pgbackup-sha256", "1"));
    assertThat(store.head(new ObjectKey(FOLDER + "missing"))).isEmpty();
    try (InputStream stream = store.open(KEY)) {
      assertThat(stream.readAllBytes()).isEqualTo(CONTENT);
    }
    assertThat(store.list(FOLDER).map(StoredObject::key)).containsExactly(KEY);
    assertThat(store.folders(StoreFolder.of(FOLDER))).containsExactly(StoreFolder.of(FOLDER + "u"));
    try (ObjectStore retention = store(Role.RETENTION)) {
      assertThat(retention.delete(List.of(KEY))).isEmpty();
    }

    // then
    assertThat(r2.keys()).isEmpty();
    assertThat(r2.faults()).isEmpty();
    assertThat(r2.requests())
        .extracting(request -> request.signed().authorization().orElseThrow().region())
        .containsOnly("auto");
    assertThat(r2.requests())
        .filteredOn(request -> request.operation().equals("PutObject"))
        .allSatisfy(
            request ->
                assertThat(request.signed().headers())
                    .containsKeys("x-amz-checksum-crc32c", "if-none-match", "content-length"));
  }

  /// P62.
  @Test
  void survivesBeingToldToSlowDown() {
    // given: two writes of one key within a second
    String first = store.replace(KEY, CONTENT, Optional.empty()).orElseThrow();

    // when
    Optional<String> second = store.replace(KEY, "2".getBytes(UTF_8), Optional.of(first));

    // then
    assertThat(second).isPresent();
    assertThat(r2.throttled()).contains(KEY.value());
    assertThat(r2.content(KEY.value())).contains("2".getBytes(UTF_8));
    assertThat(r2.faults()).isEmpty();
  }

  @Test
  void takesUnauthorizedForExpired() {
    // given
    store.create(KEY, CONTENT, Map.of());
    clock.advance(Duration.ofHours(12));

    // when, then: each of them waits for a newer credential before it gives up
    List<ThrowingCallable> calls = List.of(() -> store.head(KEY), () -> upload(random(PART + 1)));
    for (ThrowingCallable call : calls) {
      assertThatThrownBy(call)
          .isInstanceOfSatisfying(
              PgBackupException.class,
              failure -> {
                Problem problem = failure.problem();
                assertThat(problem.retryMayHelp()).isTrue();
                assertThat(problem.hint().orElseThrow()).contains("expired");
              });
    }
    try (ObjectStore renewed = store(Role.ARCHIVER)) {
      assertThat(renewed.head(KEY)).isPresent();
    }
  }

  // The stand-in catches what it is there to catch.

  @Test
  void theStandInRefusesAnotherRegion() {
    try (S3Client client = parentClient("eu-central-1")) {
      assertThatThrownBy(() -> client.headObject(get -> get.bucket("backups").key("x")))
          .isInstanceOf(S3Exception.class);
    }
    assertThat(r2.faults()).singleElement().asString().contains("eu-central-1");
  }

  @Test
  void theStandInRefusesWhatR2DoesNotImplement() {
    try (S3Client client = parentClient("auto")) {
      assertRefused(
          501, () -> client.getBucketVersioning(versioning -> versioning.bucket("backups")));
      assertRefused(
          501,
          () ->
              client.putObject(
                  put -> put.bucket("backups").key("x").tagging("a=b"),
                  RequestBody.fromBytes(CONTENT)));
      assertRefused(
          501,
          () ->
              client.putObject(
                  put -> put.bucket("backups").key("x").acl("private"),
                  RequestBody.fromBytes(CONTENT)));
    }
    assertThat(r2.faults()).hasSize(3);
    assertThat(r2.keys()).isEmpty();
  }

  @Test
  void theStandInRefusesTheSdksOwnChecksums() {
    try (S3Client client = parentClient("auto")) {
      assertRefused(
          501,
          () ->
              client.putObject(
                  put -> put.bucket("backups").key("x"), RequestBody.fromBytes(CONTENT)));
    }
    assertThat(r2.faults()).hasSize(1);
  }

  @Test
  void theStandInRefusesPartsOfTwoSizes() {
    try (S3Client client =
        S3Clients.client(
            parentStorage(), StoreCredentials.of(parent()), TUNING, new StoreTraffic())) {
      String id =
          client.createMultipartUpload(begin -> begin.bucket("backups").key("x")).uploadId();
      List<CompletedPart> parts =
          List.of(
              part(client, id, 1, random(PART)),
              part(client, id, 2, random(PART + 1)),
              part(client, id, 3, random(1)));
      assertRefused(
          400,
          () ->
              client.completeMultipartUpload(
                  complete ->
                      complete
                          .bucket("backups")
                          .key("x")
                          .uploadId(id)
                          .multipartUpload(all -> all.parts(parts))));
    }
    assertThat(r2.keys()).isEmpty();
  }

  private static CompletedPart part(S3Client client, String id, int number, byte[] content) {
    String tag =
        client
            .uploadPart(
                part -> part.bucket("backups").key("x").uploadId(id).partNumber(number),
                RequestBody.fromBytes(content))
            .eTag();
    return CompletedPart.builder().partNumber(number).eTag(tag).build();
  }

  private static void assertRefused(int status, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            S3Exception.class, answer -> assertThat(answer.statusCode()).isEqualTo(status));
  }

  private StorageConfig parentStorage() {
    return storage(Role.ARCHIVER);
  }

  private static AccessKeys parent() {
    return new AccessKeys(R2StandIn.PARENT_ID, R2StandIn.PARENT_SECRET, Optional.empty());
  }

  /// The SDK as it is without our settings.
  private S3Client parentClient(String region) {
    return S3Client.builder()
        .endpointOverride(r2.endpoint())
        .region(Region.of(region))
        .forcePathStyle(true)
        .overrideConfiguration(settings -> settings.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .credentialsProvider(
            StaticCredentialsProvider.create(
                AwsBasicCredentials.create(R2StandIn.PARENT_ID, R2StandIn.PARENT_SECRET)))
        .httpClient(UrlConnectionHttpClient.create())
        .build();
  }

  private Object upload(byte[] content) throws Exception {
    try (ObjectUpload upload = store.upload(KEY, Map.of())) {
      upload.stream().write(content);
      return upload.complete();
    }
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
