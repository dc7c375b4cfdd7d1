package io.pgbackup.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.agent.Agent;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FreePort;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.SessionCredentials;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.model.ObjectLockEnabled;
import software.amazon.awssdk.services.s3.model.ObjectLockRetentionMode;

/// `doctor` on a healthy server, and on the same one broken in one way each: it names the fault and
/// the remedy.
class DoctorIT {
  private static final String KEY = "00112233445566778899aabbccddeeff".repeat(2);
  private static final String OTHER_KEY = "ffeeddccbbaa99887766554433221100".repeat(2);

  @TempDir(factory = EnterableTempDir.class)
  private static Path folder;

  private static S3Server s3;
  private static String bucket;
  private static StorageConfig owner;
  private static StorageConfig archiver;
  private static TestPostgres postgres;
  private static ArchiveCommand archiveCommand;
  private static Agent agent;
  private static Path socket;
  private static int port;

  @BeforeAll
  static void protectAServer() throws IOException {
    s3 = S3Server.shared();
    bucket = lockedBucket();
    owner = s3.storageConfig(bucket);
    archiver = limited(policy());
    socket = folder.resolve("archive.sock");
    port = FreePort.find();
    Path spool = folder.resolve("spool");
    postgres =
        TestPostgres.builder(PostgresRelease.NEWEST)
            .setting("fsync", "on")
            .setting("archive_mode", "on")
            .setting("archive_timeout", "60")
            .setting("archive_command", launcher(spool) + " wal push --socket " + socket + " %p")
            .create(folder.resolve("data"));
    archiveCommand = new ArchiveCommand(spool, socket, postgres.dataDirectory());
    postgres.start();
    secret("key", KEY);
    secret("other-key", OTHER_KEY);
    agent = new Agent(healthy().parsed(), "test", Clock.systemUTC());
    agent.start();
    await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> Run.of("--config", healthy().file(), "backups").out().contains("base_"));
  }

  @AfterAll
  static void stop() {
    Stream.of(agent, postgres, archiveCommand)
        .filter(it -> it != null)
        .forEach(
            it -> {
              try {
                it.close();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
  }

  private static String lockedBucket() {
    String name = "doctor-" + ProcessHandle.current().pid();
    try (var client = s3.client()) {
      client.createBucket(request -> request.bucket(name).objectLockEnabledForBucket(true));
      client.putObjectLockConfiguration(
          request ->
              request
                  .bucket(name)
                  .objectLockConfiguration(
                      lock ->
                          lock.objectLockEnabled(ObjectLockEnabled.ENABLED)
                              .rule(
                                  rule ->
                                      rule.defaultRetention(
                                          retention ->
                                              retention
                                                  .mode(ObjectLockRetentionMode.GOVERNANCE)
                                                  .days(1)))));
    }
    return name;
  }

  private static String policy() {
    return AccessPolicy.of(
            Role.ARCHIVER, new ClusterScope(bucket, StoreFolder.of("pgbackup/shop/orders")))
        .toString();
  }

  private static StorageConfig limited(String policy) throws IOException {
    Path files = Files.createTempDirectory(folder, "credential");
    return SessionCredentials.limit(s3, s3.storageConfig(bucket), policy, files);
  }

  private static Path secret(String name, String content) throws IOException {
    Path file = Files.writeString(folder.resolve(name), content);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  /// Stands in for the launcher, without a JVM for each segment: `pgbackup wal push --socket SOCKET
  /// FILE`.
  private static Path launcher(Path spool) throws IOException {
    String script =
        "#!/bin/sh\nf=$(basename \"$5\")\n"
            + ArchiveCommand.text(spool)
                .replace("'", "\"")
                .replace("%p", "\"$5\"")
                .replace("%f", "$f")
            + "\n";
    Path file = Files.writeString(folder.resolve("pgbackup"), script);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /// A configuration, healthy but for what a test changes.
  private record Setup(
      String cluster, StorageConfig storage, URI endpoint, Path data, String prefix, String key) {
    Setup with(StorageConfig other) {
      return new Setup(cluster, other, endpoint, data, prefix, key);
    }

    Setup withEndpoint(URI other) {
      return new Setup(cluster, storage, other, data, prefix, key);
    }

    Setup withData(Path other) {
      return new Setup(cluster, storage, endpoint, other, prefix, key);
    }

    Setup withPrefix(String other) {
      return new Setup(cluster, storage, endpoint, data, other, key);
    }

    Setup withKey(String other) {
      return new Setup(cluster, storage, endpoint, data, prefix, other);
    }

    String yaml() {
      CredentialFiles files = (CredentialFiles) storage.credentials().orElseThrow();
      String token = files.sessionTokenFile().map(file -> ", sessionTokenFile: " + file).orElse("");
      return """
      cluster: { name: %s, namespace: shop }
      postgres: { host: %s, port: %d, dataDirectory: %s }
      storage:
        url: s3://%s
        endpoint: %s
        prefix: "%s"
        credentials: { accessKeyIdFile: %s, secretAccessKeyFile: %s%s }
      encryption: { method: libsodium, keyTransform: hex, keyFile: %s }
      wal: { socket: %s }
      retention: { run: job }
      http: { listen: "127.0.0.1:%d" }
      """
          .formatted(
              cluster,
              postgres.socketDirectory(),
              postgres.port(),
              data,
              bucket,
              endpoint,
              prefix,
              files.accessKeyIdFile(),
              files.secretAccessKeyFile(),
              token,
              folder.resolve(key),
              socket,
              port);
    }

    PgBackupConfig parsed() {
      return new ConfigLoader(Map.of()).parse("test", yaml());
    }

    String file() throws IOException {
      return Files.writeString(Files.createTempFile(folder, "pgbackup", ".yaml"), yaml())
          .toString();
    }
  }

  private static Setup healthy() {
    return new Setup(
        "orders",
        archiver,
        s3.endpoint(),
        postgres.dataDirectory(),
        "pgbackup/$(NAMESPACE)/$(CLUSTER)/$(UID)/$(PGVERSION)",
        "key");
  }

  private static Run doctor(Setup setup, String... only) throws IOException {
    return doctor(Duration.ZERO, setup, "--only", String.join(",", only));
  }

  /// @param ahead of this machine's clock
  private static Run doctor(Duration ahead, Setup setup, String... arguments) throws IOException {
    Surroundings surroundings =
        new Surroundings(
            Map.of(),
            Clock.offset(Clock.systemUTC(), ahead),
            () -> ZoneOffset.UTC,
            _ -> Optional.empty());
    return Run.of(
        surroundings,
        Stream.concat(Stream.of("--config", setup.file(), "doctor"), Stream.of(arguments))
            .toArray(String[]::new));
  }

  /// The lines of one check and its remedy, as one line.
  private static String check(Run run, String name) {
    StringBuilder found = new StringBuilder();
    boolean inside = false;
    for (String line : run.out().lines().toList()) {
      if (line.matches("  (pass|warn|FAIL|skip)  .*")) {
        inside = line.substring(8).startsWith(name + " ");
      } else if (!line.startsWith("      ")) {
        inside = false;
      }
      if (inside) {
        found.append(line.strip()).append(' ');
      }
    }
    return found.toString();
  }

  @Test
  void aHealthyServerPasses() throws IOException {
    Run run = doctor(Duration.ZERO, healthy(), "-o", "json");

    JsonNode json = new ObjectMapper().readTree(run.out());
    assertThat(run.status()).as("%s%s", run.out(), run.err()).isZero();
    // how much room and memory this machine has is not the test's
    List<String> room = List.of("room", "memory", "native-tls");
    for (JsonNode check : json.path("checks")) {
      if (!room.contains(check.path("check").asText())) {
        assertThat(check.path("verdict").asText()).as("%s", check).isIn("pass", "skip");
      }
    }
    assertThat(json.path("checks"))
        .filteredOn(check -> check.path("verdict").asText().equals("skip"))
        .extracting(check -> check.path("check").asText())
        .containsExactly("object-lock", "streaming", "stream-slot", "wal-g", "drills");
    assertThat(json.path("profile").path("createOnly").asBoolean()).isTrue();
    assertThat(json.path("profile").path("versions").asBoolean()).isTrue();
    // what it left is not taken for an archive
    assertThat(Run.of("--config", healthy().with(owner).file(), "clusters").out())
        .contains("orders")
        .doesNotContain("doctor");
  }

  @Test
  void anArchiveCommandOfSomebodyElse() throws IOException {
    postgres.sql("alter system set archive_command = 'cp %p /tmp/%f'");
    postgres.reload();
    try {
      await().until(() -> check(doctor(healthy(), "postgres"), "archive-command").contains("FAIL"));
      Run run = doctor(healthy(), "postgres");

      assertThat(check(run, "archive-command"))
          .startsWith("FAIL")
          .contains("not pgbackup's: cp %p /tmp/%f", "-> Set archive_command = 'pgbackup wal push");
      assertThat(run.status()).isEqualTo(6);
    } finally {
      postgres.sql("alter system reset archive_command");
      postgres.reload();
    }
  }

  @Test
  void oneKeyForTheWholeBucket() throws IOException {
    ObjectKey neighbour = new ObjectKey("pgbackup/shop/payments/u-1/18/wal_005/theirs");
    try (ObjectStore store = Stores.open(owner)) {
      store.create(neighbour, "theirs".getBytes(UTF_8), Map.of());
    }

    Run run = doctor(healthy().with(owner), "storage", "permissions", "isolation");

    assertThat(check(run, "list-root"))
        .startsWith("FAIL")
        .contains("-> Give this cluster a credential for its own folder only");
    assertThat(check(run, "read-neighbour")).startsWith("FAIL").contains("not its own");
    assertThat(check(run, "put-outside")).startsWith("FAIL");
    assertThat(check(run, "delete")).startsWith("warn").contains("can delete backups");
    assertThat(run.status()).isEqualTo(2);
  }

  @Test
  void aCredentialThatMayNotPut() throws IOException {
    StorageConfig reader = limited(policy().replace("\"s3:PutObject\",", ""));

    Run run = doctor(healthy().with(reader), "storage", "permissions");

    assertThat(check(run, "put"))
        .startsWith("FAIL")
        .contains("may not put objects in pgbackup/shop/orders/: 403 AccessDenied", "-> Give the");
    assertThat(check(run, "create-only")).startsWith("skip");
    assertThat(run.status()).isEqualTo(5);
  }

  @Test
  void aCredentialThatTheStoreDoesNotKnow() throws IOException {
    StorageConfig stranger = limited(policy());
    secret(
        folder
            .relativize(
                ((CredentialFiles) stranger.credentials().orElseThrow()).secretAccessKeyFile())
            .toString(),
        "another secret");

    Run run = doctor(healthy().with(stranger), "storage", "permissions", "isolation");

    assertThat(check(run, "credentials"))
        .startsWith("FAIL")
        .contains("SignatureDoesNotMatch", "-> Check the access key");
    assertThat(run.out().lines().filter(line -> line.contains("FAIL"))).hasSize(1);
    assertThat(run.status()).isEqualTo(5);
  }

  @Test
  void theDataDirectoryOfAnotherServer() throws IOException {
    TestPostgres other = TestPostgres.create(PostgresRelease.NEWEST, folder.resolve("other"));

    Run run = doctor(healthy().withData(other.dataDirectory()), "postgres");

    other.close();
    assertThat(check(run, "data-directory"))
        .startsWith("FAIL")
        .contains("of another server", "-> Correct postgres.dataDirectory");
    assertThat(run.status()).isEqualTo(4);
  }

  @Test
  void aFolderThatAnotherLineageClaimed() throws IOException {
    String taken = "pgbackup/shop/orders/taken";
    Claim theirs =
        new Claim(
            new ClusterId("shop", "payments"),
            new LineageUid("u-9"),
            new SystemIdentifier(99),
            new ServerVersion(180001),
            new WalSegmentSize(16 << 20),
            Optional.empty(),
            Instant.EPOCH);
    try (ObjectStore store = Stores.open(owner)) {
      new Claims(store).create(new ArchiveLayout(StoreFolder.of(taken)).prefix(), theirs);
    }

    Run run = doctor(healthy().withPrefix(taken), "postgres");

    assertThat(check(run, "lineage"))
        .startsWith("FAIL")
        .contains("claimed by shop/payments", "-> Two servers must never write into one folder");
    assertThat(run.status()).isEqualTo(4);
  }

  @Test
  void keysThatAreNotTheArchives() throws IOException {
    Run other = doctor(healthy().withKey("other-key"), "encryption");

    assertThat(check(other, "keys")).startsWith("pass");
    assertThat(check(other, "archive")).startsWith("FAIL").contains("libsodium:", "->");
    assertThat(other.status()).isEqualTo(7);

    Run missing = doctor(healthy().withKey("no-key"), "encryption");

    assertThat(check(missing, "keys")).startsWith("FAIL").contains("no-key", "->");
    assertThat(missing.status()).isEqualTo(2);
  }

  @Test
  void aStoreThatIgnoresConditions() throws IOException {
    // a stand-in for such a store: what the condition forbids is answered as if it were done
    try (FaultyProxy store = FaultyProxy.before(s3.endpoint())) {
      store.breakNext(
          Integer.MAX_VALUE,
          request ->
              request.method().equals("PUT") && request.headers().containsKey("if-none-match"),
          new FaultyProxy.Fault.Answer(200, ""));

      Run run = doctor(healthy().withEndpoint(store.endpoint()), "storage");

      assertThat(check(run, "create-only"))
          .startsWith("FAIL")
          .contains("ignores If-None-Match: *", "-> A second server could overwrite this archive");
      assertThat(run.status()).isEqualTo(4);
    }
  }

  @Test
  void aClockThatIsWrong() throws IOException {
    Run run = doctor(Duration.ofMinutes(-10), healthy(), "--only", "storage");

    assertThat(check(run, "clock")).startsWith("FAIL").contains("behind the store's", "NTP");
    assertThat(run.status()).isEqualTo(2);
  }

  @Test
  void whatDoesNotRunIsLeftOutUnlessItIsAskedFor() throws IOException {
    String file =
        Files.writeString(
                Files.createTempFile(folder, "absent", ".yaml"),
                """
                cluster: { name: orders }
                postgres: { host: %1$s, dataDirectory: %1$s/nowhere }
                storage: { url: "file://%2$s" }
                http: { listen: "127.0.0.1:%3$d" }
                """
                    .formatted(folder, Files.createTempDirectory(folder, "store"), FreePort.find()))
            .toString();

    Run all = Run.of("--config", file, "doctor");

    assertThat(all.status()).as("%s", all.out()).isZero();
    assertThat(all.out()).contains("no server answers", "no agent answers", "a directory has no");
    assertThat(Run.of("--config", file, "doctor", "--only", "postgres").status()).isEqualTo(6);
    assertThat(Run.of("--config", file, "doctor", "--only", "agent").status()).isEqualTo(9);
    assertThat(Run.of("--config", file, "doctor", "--only", "agnet").err())
        .contains("no group 'agnet'", "storage, permissions");
  }
}
