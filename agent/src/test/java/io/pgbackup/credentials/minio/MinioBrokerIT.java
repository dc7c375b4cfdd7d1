package io.pgbackup.credentials.minio;

import static io.pgbackup.credentials.policy.Role.ARCHIVER;
import static io.pgbackup.credentials.policy.Role.RESTORER;
import static io.pgbackup.credentials.policy.Role.RETENTION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.BrokerSettings;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.broker.Inventory;
import io.pgbackup.credentials.broker.StaticBroker;
import io.pgbackup.credentials.broker.TestedBroker;
import io.pgbackup.credentials.open.Brokers;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
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
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// Credentials as they are issued, used and ended.
class MinioBrokerIT {
  private static final byte[] CONTENT = Fleet.bytes("x");

  @TempDir Path directory;
  private Fleet fleet;
  private Broker broker;
  private Holder c1;
  private Holder c2;
  private ObjectStore owner;

  @BeforeEach
  void open() {
    fleet = Fleet.onSharedServer();
    broker = Brokers.open(fleet.settings());
    c1 = fleet.holder("c1");
    c2 = fleet.holder("c2");
    owner = Stores.open(fleet.settings().storage());
    owner.create(key(c1, "wal_005/stored"), CONTENT, Map.of());
  }

  @AfterEach
  void close() {
    if (broker != null) {
      broker.close();
      owner.close();
    }
  }

  private static ObjectKey key(Holder holder, String name) {
    return holder.scope().folder().key("u/18/" + name);
  }

  private ObjectStore as(AccessKeys keys) {
    return Stores.open(fleet.settings().storage(), Optional.of(keys));
  }

  private AccessKeys issued(Holder holder, Role role) {
    return broker.issue(holder, role, Optional.empty()).keys();
  }

  @Test
  void aCredentialSaysWhoseItIsAndWhenItEnds() {
    CredentialDocument credential = broker.issue(c1, RESTORER, Optional.of(Duration.ofMinutes(20)));

    assertThat(credential.role()).isEqualTo(RESTORER);
    assertThat(credential.bucket()).isEqualTo(fleet.bucket());
    assertThat(credential.folder()).isEqualTo(c1.scope().folder());
    assertThat(credential.keys().sessionToken()).isPresent();
    assertThat(Duration.between(credential.issuedAt(), credential.expiration().orElseThrow()))
        .isBetween(Duration.ofMinutes(19), Duration.ofMinutes(21));
    assertThat(CredentialDocument.parse(credential.json())).isEqualTo(credential);
    assertThat(credential.toString()).doesNotContain(credential.keys().secretAccessKey());
  }

  @Test
  void theArchiverArchivesAndLosesNothing() throws Exception {
    try (ObjectStore store = as(issued(c1, ARCHIVER))) {
      assertThat(store.create(key(c1, "wal_005/new"), CONTENT, Map.of()))
          .isInstanceOf(CreateOutcome.Created.class);
      assertThat(store.create(key(c1, "wal_005/stored"), CONTENT, Map.of()))
          .isInstanceOf(CreateOutcome.AlreadyThere.class);
      try (ObjectUpload upload = store.upload(key(c1, "basebackups_005/parts"), Map.of())) {
        upload.stream().write(new byte[17 << 20]);
        assertThat(upload.complete()).isInstanceOf(CreateOutcome.Created.class);
      }
      assertThat(store.delete(List.of(key(c1, "wal_005/stored"))))
          .containsExactly(key(c1, "wal_005/stored"));
    }
    assertThat(owner.head(key(c1, "wal_005/stored"))).isPresent();
  }

  @Test
  void retentionDeletesAndKeepsItsRules() {
    try (ObjectStore store = as(issued(c1, RETENTION))) {
      assertThat(store.list(c1.scope().folder().path())).hasSize(1);
      assertThat(store.create(key(c1, "pgbackup/policy/1"), CONTENT, Map.of()))
          .isInstanceOf(CreateOutcome.Created.class);
      assertThat(store.delete(List.of(key(c1, "wal_005/stored")))).isEmpty();
      assertRefused(() -> store.create(key(c1, "wal_005/new"), CONTENT, Map.of()));
    }
    assertThat(owner.head(key(c1, "wal_005/stored"))).isEmpty();
  }

  @Test
  void theRestorerReadsAndTakesALease() throws Exception {
    try (ObjectStore store = as(issued(c1, RESTORER));
        InputStream stored = store.open(key(c1, "wal_005/stored"))) {
      assertThat(stored.readAllBytes()).isEqualTo(CONTENT);
      assertThat(store.replace(key(c1, "pgbackup/leases/r"), CONTENT, Optional.empty()))
          .isPresent();
      assertRefused(() -> store.create(key(c1, "wal_005/new"), CONTENT, Map.of()));
    }
  }

  @Test
  void oneRoleOfOneClusterIsEndedAtOnce() {
    AccessKeys archiver = issued(c1, ARCHIVER);
    AccessKeys restorer = issued(c1, RESTORER);
    AccessKeys neighbour = issued(c2, ARCHIVER);

    // when
    broker.revoke(c1, Optional.of(ARCHIVER));

    // then
    assertEnded(c1, archiver);
    assertLives(c1, restorer);
    assertLives(c2, neighbour);
    assertLives(c1, issued(c1, ARCHIVER));

    // when
    broker.revoke(c1, Optional.empty());

    // then
    assertEnded(c1, restorer);
    assertLives(c2, neighbour);
    assertLives(c1, issued(c1, RESTORER));
  }

  @Test
  void oneThatWasEndedIsKnownAsSuch() {
    CredentialDocument archiver = broker.issue(c1, ARCHIVER, Optional.empty());
    CredentialDocument neighbour = broker.issue(c2, ARCHIVER, Optional.empty());
    assertThat(broker.hasEnded(archiver)).isFalse();

    broker.revoke(c1, Optional.of(ARCHIVER));

    assertThat(broker.hasEnded(archiver)).isTrue();
    assertThat(broker.hasEnded(neighbour)).isFalse();
    assertThat(broker.hasEnded(broker.issue(c1, ARCHIVER, Optional.empty()))).isFalse();
  }

  /// As after the in-place restore of an adopted archive.
  @Test
  void eachOfTwoFoldersOfOneClusterHasCredentialsOfItsOwn() {
    Holder adopted =
        new Holder(c1.cluster(), new ClusterScope(fleet.bucket(), StoreFolder.of("spilo/c1")));
    broker.revoke(adopted, Optional.empty());
    AccessKeys running = issued(c1, ARCHIVER);

    // when
    broker.bootstrap(adopted);
    AccessKeys old = issued(adopted, ARCHIVER);

    // then
    assertLives(c1, running);
    assertLives(c1, issued(c1, ARCHIVER));
    assertLives(adopted, old);
    assertEnded(c1, old);
    assertEnded(adopted, running);

    broker.revoke(adopted, Optional.empty());
    assertEnded(adopted, old);
    assertLives(c1, running);
  }

  @Test
  void aParentThatSomebodyDisabledIsNotMadeAgainInSilence() {
    AccessKeys archiver = issued(c1, ARCHIVER);
    try (SignedHttp http = fleet.http()) {
      new MinioAdmin(http, () -> Fleet.ROOT)
          .setEnabled(ParentUser.of(c1, PrefixTemplate.DEFAULT).name(), false);
    }

    assertEnded(c1, archiver);
    assertThatThrownBy(() -> issued(c1, ARCHIVER))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class))
        .hasMessageContaining("is disabled");

    broker.bootstrap(c1);
    assertLives(c1, issued(c1, ARCHIVER));
  }

  @Test
  void theBrokersOwnKeyNeedsNoMoreThanThePageSays() throws IOException {
    String policy =
        Pattern.compile("(?s)```json\\n(.*?)```")
            .matcher(Files.readString(Path.of("..", "docs", "credentials.md")))
            .results()
            .map(match -> match.group(1))
            .findFirst()
            .orElseThrow()
            .replace("BUCKET", fleet.bucket());
    String user = "broker-" + fleet.bucket();
    try (SignedHttp http = fleet.http()) {
      var admin = new MinioAdmin(http, () -> Fleet.ROOT);
      admin.putPolicy(user, new AccessPolicy(policy));
      admin.putUser(user, "broker-secret");
      admin.attach(user, user);
    }
    staticKey("broker", user, "broker-secret");
    BrokerSettings settings = fleet.settings(directory.resolve("fleet/c1/broker"));

    try (Broker own = Brokers.open(settings);
        Inventory inventory = Brokers.inventory(settings)) {
      Holder orders = inventory.register(new ClusterId("shop", "orders"), Optional.empty());
      own.bootstrap(orders);
      AccessKeys keys = own.issue(orders, ARCHIVER, Optional.empty()).keys();
      assertLives(orders, keys);
      own.revoke(orders, Optional.of(ARCHIVER));
      assertEnded(orders, keys);
      assertThat(inventory.read().find(orders.cluster(), Optional.empty())).isEqualTo(orders);
    }
  }

  @Test
  void timesThatNobodyMeansAreRefused() {
    assertThatThrownBy(() -> broker.issue(c1, ARCHIVER, Optional.of(Duration.ofDays(30))))
        .hasMessageContaining("lives 15 minutes to 12 hours, not 720h");
  }

  /// MinIO lets every user try the admin API, and had a hole there (CVE-2025-62506): a session
  /// could make itself a key without its own limits.
  @Test
  void sessionsAdministrateNothing() {
    issued(c2, ARCHIVER);
    AccessKeys neighbour = issued(c2, RESTORER);
    AccessKeys later = new AccessKeys("planted-key", "planted-secret", Optional.empty());
    String planted =
        "\"name\":\"planted\",\"accessKey\":\"planted-key\",\"secretKey\":\"planted-secret\"";
    String everything =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:*\"],\"Resource\":[\"arn:aws:s3:::*\"]}]}";

    AccessKeys account = accountOf(c2);

    for (Role role : Role.values()) {
      AccessKeys session = issued(c1, role);
      String own = ParentUser.of(c1, PrefixTemplate.DEFAULT).name();
      String other = ParentUser.of(c2, PrefixTemplate.DEFAULT).name();
      assertAdmin(session, SdkHttpMethod.PUT, "add-service-account", Map.of(), "{" + planted + "}");
      assertAdmin(
          session,
          SdkHttpMethod.PUT,
          "add-service-account",
          Map.of(),
          "{" + planted + ",\"policy\":" + everything + "}");
      assertAdmin(
          session,
          SdkHttpMethod.PUT,
          "add-service-account",
          Map.of(),
          "{" + planted + ",\"targetUser\":\"" + other + "\"}");
      assertAdmin(session, SdkHttpMethod.GET, "list-service-accounts", Map.of("user", other), "");
      assertAdmin(
          session,
          SdkHttpMethod.POST,
          "update-service-account",
          Map.of("accessKey", account.accessKeyId()),
          "{\"newPolicy\":" + everything + "}");
      assertAdmin(
          session,
          SdkHttpMethod.DELETE,
          "delete-service-account",
          Map.of("accessKey", account.accessKeyId()),
          "");
      assertAdmin(
          session,
          SdkHttpMethod.PUT,
          "add-user",
          Map.of("accessKey", own),
          "{\"secretKey\":\"planted-secret\",\"status\":\"enabled\"}");
      assertAdmin(
          session,
          SdkHttpMethod.PUT,
          "add-user",
          Map.of("accessKey", "planted-key"),
          "{\"secretKey\":\"planted-secret\",\"status\":\"enabled\"}");
      assertAdmin(session, SdkHttpMethod.GET, "list-users", Map.of(), "");
      assertAdmin(session, SdkHttpMethod.PUT, "add-canned-policy", Map.of("name", own), everything);
      assertAdmin(
          session,
          SdkHttpMethod.POST,
          "revoke-tokens/builtin",
          Map.of("user", other, "fullRevoke", "true"),
          "");
      assertAdmin(
          session,
          SdkHttpMethod.POST,
          "revoke-tokens/builtin",
          Map.of("user", other, "tokenRevokeType", "c2-restorer"),
          "");
      assertAdmin(session, SdkHttpMethod.DELETE, "remove-user", Map.of("accessKey", other), "");
    }

    assertEnded(c1, later);
    assertLives(c2, neighbour);
    assertLives(c2, account);
  }

  /// A long-lived key that somebody made for a cluster by hand.
  private AccessKeys accountOf(Holder holder) {
    var keys =
        new AccessKeys(
            "hand-" + fleet.bucket().substring("bucket-".length()),
            "by-hand-secret",
            Optional.empty());
    String json =
        "{\"name\":\"by-hand\",\"targetUser\":\"%s\",\"accessKey\":\"%s\",\"secretKey\":\"%s\"}"
            .formatted(
                ParentUser.of(holder, PrefixTemplate.DEFAULT).name(),
                keys.accessKeyId(),
                keys.secretAccessKey());
    assertThat(admin(Fleet.ROOT, SdkHttpMethod.PUT, "add-service-account", Map.of(), json).status())
        .isEqualTo(200);
    return keys;
  }

  private void assertAdmin(
      AccessKeys session,
      SdkHttpMethod method,
      String call,
      Map<String, String> query,
      String body) {
    SignedHttp.Answer answer = admin(session, method, call, query, body);
    // 400 is its word for changing the password of one's own parent, 404 for another's account.
    assertThat(answer.status())
        .as("%s %s: %s", call, query, answer.body().asUtf8String())
        .isIn(400, 403, 404);
  }

  private SignedHttp.Answer admin(
      AccessKeys keys, SdkHttpMethod method, String call, Map<String, String> query, String body) {
    byte[] content =
        body.isEmpty() || call.equals("add-canned-policy")
            ? Fleet.bytes(body)
            : SealedPayload.seal(keys.secretAccessKey(), Fleet.bytes(body));
    try (SignedHttp http = fleet.http()) {
      return http.send(
          keys,
          new SignedHttp.Request(
              method,
              "/minio/admin/v3/" + call,
              query,
              "s3",
              "application/json",
              SdkBytes.fromByteArray(content)));
    }
  }

  @Test
  void aCredentialThatReachesTooFarIsNotHandedOut() throws IOException {
    String slashless =
        AccessPolicy.of(ARCHIVER, c1.scope()).json().replace("fleet/c1/*", "fleet/c1*");
    try (SignedHttp http = fleet.http()) {
      var admin = new MinioAdmin(http, () -> Fleet.ROOT);
      String user = "careless-" + fleet.bucket();
      admin.putPolicy(user, new AccessPolicy(slashless));
      admin.putUser(user, "careless-secret");
      admin.attach(user, user);
      admin.attach(user, user);
      staticKey("archiver", user, "careless-secret");
      staticKey("restorer", Fleet.ROOT.accessKeyId(), Fleet.ROOT.secretAccessKey());
    }
    try (Broker byHand =
        new TestedBroker(
            new StaticBroker(directory, Clock.systemUTC()), fleet.settings().storage())) {
      assertThatThrownBy(() -> byHand.issue(c1, ARCHIVER, Optional.empty()))
          .hasMessageContaining("reaches every folder whose name begins with pgbackup/fleet/c1 too")
          .hasMessageContaining("could not be ended");
      assertThatThrownBy(() -> byHand.issue(c1, RESTORER, Optional.empty()))
          .hasMessageContaining("reaches the bucket's root too");
      assertThatThrownBy(() -> byHand.issue(c1, RETENTION, Optional.empty()))
          .isInstanceOfSatisfying(
              PgBackupException.class,
              e ->
                  assertThat(e.problem().hint().orElseThrow())
                      .contains(AccessPolicy.of(RETENTION, c1.scope()).json()));
    }
  }

  private void staticKey(String role, String id, String secret) throws IOException {
    Path ofRole = Files.createDirectories(directory.resolve("fleet/c1").resolve(role));
    for (Map.Entry<String, String> file :
        Map.of("accessKeyId", id, "secretAccessKey", secret).entrySet()) {
      Path written = Files.writeString(ofRole.resolve(file.getKey()), file.getValue() + "\n");
      Files.setPosixFilePermissions(written, PosixFilePermissions.fromString("rw-------"));
    }
  }

  private void assertLives(Holder holder, AccessKeys keys) {
    try (ObjectStore store = as(keys)) {
      assertThatCode(() -> store.list(holder.scope().folder().path()).toList())
          .doesNotThrowAnyException();
    }
  }

  private void assertEnded(Holder holder, AccessKeys keys) {
    try (var client = fleet.client(keys)) {
      assertThatThrownBy(
              () ->
                  client.listObjectsV2(
                      list -> list.bucket(fleet.bucket()).prefix(holder.scope().folder().path())))
          .isInstanceOfSatisfying(
              S3Exception.class, e -> assertThat(e.statusCode()).isEqualTo(403));
    }
  }

  private static void assertRefused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.StorageFailed.class));
  }
}
