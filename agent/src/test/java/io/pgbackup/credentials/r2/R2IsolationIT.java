package io.pgbackup.credentials.r2;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.testing.SignedRequest;
import io.pgbackup.testing.SteppingClock;
import io.pgbackup.testing.r2.R2Access;
import io.pgbackup.testing.r2.R2StandIn;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.LegacyMd5Plugin;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.Delete;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// What each role reaches, operation by operation. The verdicts are those of a stand-in that
/// follows Cloudflare's documentation: they are claims about our tokens and that reading of it, not
/// about R2.
@Timeout(120)
class R2IsolationIT {
  private static final String OWN = "pgbackup/shop/orders/";
  private static final String TWIN = "pgbackup/shop/orders2/";
  private static final String OTHER = "pgbackup/bank/ledger/";
  private static final String ROOT = "";
  private static final String STORED = "stored";
  private static final int FORBIDDEN = 403;

  private enum Operation {
    GET,
    HEAD,
    LIST_V1,
    LIST_V2,
    PUT_NEW,
    OVERWRITE,
    BEGIN_UPLOAD,
    ABORT_UPLOAD,
    LIST_PARTS,
    LIST_UPLOADS,
    COPY_OUT,
    COPY_IN,
    DELETE,
    DELETE_BATCH
  }

  private static final Set<Operation> READING =
      EnumSet.of(Operation.GET, Operation.HEAD, Operation.LIST_V1, Operation.LIST_V2);

  private final SteppingClock clock = new SteppingClock(Instant.parse("2026-11-21T12:00:00Z"));
  private final R2StandIn r2 = new R2StandIn(clock);
  private final Map<String, String> before = new TreeMap<>();

  @BeforeEach
  void seed() {
    try (S3Client parent = client(parentKeys())) {
      for (String folder : List.of(OWN, TWIN, OTHER, ROOT)) {
        put(parent, folder + STORED, "of " + folder);
        before.put(folder + STORED, "of " + folder);
      }
    }
  }

  @AfterEach
  void close() {
    r2.close();
  }

  private static Set<Operation> allowed(Role role) {
    Set<Operation> allowed = EnumSet.copyOf(READING);
    switch (role) {
      case ARCHIVER ->
          allowed.addAll(
              EnumSet.of(
                  Operation.PUT_NEW,
                  Operation.OVERWRITE,
                  Operation.BEGIN_UPLOAD,
                  Operation.ABORT_UPLOAD,
                  Operation.LIST_PARTS));
      case RETENTION ->
          allowed.addAll(
              EnumSet.of(
                  Operation.PUT_NEW,
                  Operation.OVERWRITE,
                  Operation.ABORT_UPLOAD,
                  Operation.LIST_PARTS,
                  Operation.DELETE,
                  Operation.DELETE_BATCH));
      case RESTORER -> {}
    }
    return allowed;
  }

  @ParameterizedTest
  @EnumSource
  void reachesItsOwnFolderAndDoesItsOwnWorkThere(Role role) {
    try (S3Client client = client(issued(role))) {
      for (Operation operation : Operation.values()) {
        // An unknown upload is answered by 404 to whoever may ask.
        int status = status(client, operation, OWN);
        assertThat(status != FORBIDDEN)
            .as("%s %s in its own folder: %d", role, operation, status)
            .isEqualTo(allowed(role).contains(operation));
      }
    }
    assertNeighboursUntouched();
    assertThat(r2.content(OWN + STORED).isPresent()).isEqualTo(role != Role.RETENTION);
    assertThat(r2.content(OWN + "new").isPresent()).isEqualTo(role != Role.RESTORER);
    assertThat(r2.faults()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void reachesNothingElse(Role role) {
    try (S3Client client = client(issued(role))) {
      var verdicts = new SoftAssertions();
      for (String folder : List.of(TWIN, OTHER, ROOT)) {
        for (Operation operation : Operation.values()) {
          verdicts
              .assertThat(status(client, operation, folder))
              .as("%s %s in '%s'", role, operation, folder)
              .isEqualTo(FORBIDDEN);
        }
      }
      // Its own folder's name without the slash would list the twin too.
      verdicts
          .assertThat(
              status(() -> client.listObjectsV2(it -> it.bucket("backups").prefix(slashless()))))
          .isEqualTo(FORBIDDEN);
      verdicts.assertThat(status(client::listBuckets)).isEqualTo(FORBIDDEN);
      verdicts.assertAll();
    }
    assertNeighboursUntouched();
    assertThat(text(OWN + STORED)).contains("of " + OWN);
  }

  private static String slashless() {
    return OWN.substring(0, OWN.length() - 1);
  }

  private void assertNeighboursUntouched() {
    for (String folder : List.of(TWIN, OTHER, ROOT)) {
      assertThat(text(folder + STORED)).contains(before.get(folder + STORED));
    }
    assertThat(r2.keys()).allMatch(key -> before.containsKey(key) || key.startsWith(OWN));
    assertThat(r2.keysUnderWay()).allMatch(key -> key.startsWith(OWN));
  }

  private Optional<String> text(String key) {
    return r2.content(key).map(content -> new String(content, UTF_8));
  }

  // Negative controls: what a wrong token reaches is seen by the same questions.

  @Test
  void aPrefixWithoutItsSlashWouldReachTheTwin() {
    AccessKeys wrong =
        signed(
            "\"paths\":{\"prefixPaths\":[\"%s\"],\"objectPaths\":[]},".formatted(slashless()),
            R2StandIn.PARENT_SECRET);

    try (S3Client client = client(wrong)) {
      assertThat(status(client, Operation.GET, TWIN)).isEqualTo(200);
      assertThat(status(client, Operation.GET, OTHER)).isEqualTo(FORBIDDEN);
    }
  }

  @Test
  void aTokenWithoutPathsWouldReachTheWholeBucket() {
    try (S3Client client = client(signed("", R2StandIn.PARENT_SECRET))) {
      assertThat(status(client, Operation.GET, OTHER)).isEqualTo(200);
      assertThat(status(client, Operation.OVERWRITE, OTHER)).isEqualTo(200);
    }
  }

  @Test
  void aTokenThatAnotherSecretSignedIsUnknown() {
    try (S3Client client = client(signed("", "0".repeat(64)))) {
      assertThat(status(client, Operation.GET, OWN)).isEqualTo(401);
    }
  }

  @Test
  void anotherSessionsTokenDoesNotFitTheseKeys() {
    AccessKeys archiver = issued(Role.ARCHIVER);
    AccessKeys retention = issued(Role.RETENTION);

    try (S3Client client =
        client(
            new AccessKeys(
                archiver.accessKeyId(), archiver.secretAccessKey(), retention.sessionToken()))) {
      assertThat(status(client, Operation.DELETE, OWN)).isEqualTo(FORBIDDEN);
    }
    assertThat(text(OWN + STORED)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0})
  void endsWithItsTime(long secondsAfter) {
    try (S3Client client = client(issued(Role.ARCHIVER))) {
      clock.advance(Duration.ofHours(12).plusSeconds(secondsAfter));

      assertThat(status(client, Operation.GET, OWN)).isEqualTo(secondsAfter < 0 ? 200 : 401);
    }
  }

  private AccessKeys issued(Role role) {
    return R2Access.issue(r2, new ClusterId("shop", "orders"), role, clock);
  }

  private static AccessKeys parentKeys() {
    return new AccessKeys(R2StandIn.PARENT_ID, R2StandIn.PARENT_SECRET, Optional.empty());
  }

  /// A token of our own making.
  private AccessKeys signed(String paths, String secret) {
    String payload =
        """
        {"bucket":"backups","scope":"object-read-write",%s"sub":"%s","iss":"%s","aud":"%s","iat":1,"exp":4000000000}"""
            .formatted(paths, R2StandIn.ACCOUNT, R2StandIn.PARENT_ID, r2.endpoint().getAuthority());
    String head =
        base64("{\"alg\":\"HS256\"}".getBytes(UTF_8)) + "." + base64(payload.getBytes(UTF_8));
    String jwt = head + "." + base64(SignedRequest.hmac(secret.getBytes(UTF_8), head));
    return new AccessKeys(
        R2StandIn.PARENT_ID,
        SignedRequest.hex(SignedRequest.sha256(jwt.getBytes(UTF_8))),
        Optional.of(Base64.getEncoder().encodeToString(("jwt/" + jwt).getBytes(UTF_8))));
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static int status(S3Client client, Operation operation, String folder) {
    String stored = folder + STORED;
    String other = folder.equals(OWN) ? TWIN : OWN;
    return switch (operation) {
      case GET -> status(() -> client.getObjectAsBytes(get -> get.bucket("backups").key(stored)));
      case HEAD -> status(() -> client.headObject(head -> head.bucket("backups").key(stored)));
      case LIST_V1 ->
          status(() -> client.listObjects(list -> list.bucket("backups").prefix(folder)));
      case LIST_V2 ->
          status(() -> client.listObjectsV2(list -> list.bucket("backups").prefix(folder)));
      case PUT_NEW -> status(() -> put(client, folder + "new", "new"));
      case OVERWRITE -> status(() -> overwrite(client, stored));
      case BEGIN_UPLOAD ->
          status(
              () ->
                  client.createMultipartUpload(
                      begin -> begin.bucket("backups").key(folder + "upload")));
      case ABORT_UPLOAD ->
          status(
              () ->
                  client.abortMultipartUpload(
                      abort -> abort.bucket("backups").key(stored).uploadId("unknown")));
      case LIST_PARTS ->
          status(
              () ->
                  client.listParts(list -> list.bucket("backups").key(stored).uploadId("unknown")));
      case LIST_UPLOADS ->
          status(() -> client.listMultipartUploads(list -> list.bucket("backups").prefix(folder)));
      case COPY_OUT -> status(() -> copy(client, stored, other + "copied"));
      case COPY_IN -> status(() -> copy(client, other + STORED, folder + "copied"));
      case DELETE -> status(() -> client.deleteObject(it -> it.bucket("backups").key(stored)));
      case DELETE_BATCH -> deleteBatch(client, stored);
    };
  }

  private static void put(S3Client client, String key, String text) {
    client.putObject(put -> put.bucket("backups").key(key), RequestBody.fromString(text));
  }

  // R2 takes one write a second to a key, and tells so only to whoever may write.
  private static void overwrite(S3Client client, String key) {
    while (true) {
      try {
        put(client, key, "overwritten");
        return;
      } catch (S3Exception e) {
        if (e.statusCode() != 429) {
          throw e;
        }
      }
    }
  }

  private static void copy(S3Client client, String from, String to) {
    client.copyObject(
        copy ->
            copy.sourceBucket("backups")
                .sourceKey(from)
                .destinationBucket("backups")
                .destinationKey(to));
  }

  // Refused as a whole by 403, or key by key in an answer of 200.
  private static int deleteBatch(S3Client client, String key) {
    Delete delete = Delete.builder().objects(ObjectIdentifier.builder().key(key).build()).build();
    try {
      boolean refused =
          client.deleteObjects(batch -> batch.bucket("backups").delete(delete)).errors().stream()
              .anyMatch(error -> error.code().equals("AccessDenied"));
      return refused ? FORBIDDEN : 200;
    } catch (S3Exception e) {
      return e.statusCode();
    }
  }

  private static int status(Runnable call) {
    try {
      call.run();
      return 200;
    } catch (S3Exception e) {
      return e.statusCode();
    }
  }

  private S3Client client(AccessKeys keys) {
    return S3Client.builder()
        .endpointOverride(r2.endpoint())
        .region(Region.of("auto"))
        .forcePathStyle(true)
        .overrideConfiguration(settings -> settings.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .serviceConfiguration(settings -> settings.chunkedEncodingEnabled(false))
        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
        .addPlugin(LegacyMd5Plugin.create())
        .credentialsProvider(StoreCredentials.of(keys).provider())
        .httpClient(UrlConnectionHttpClient.create())
        .build();
  }
}
