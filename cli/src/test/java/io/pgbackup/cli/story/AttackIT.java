package io.pgbackup.cli.story;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.cli.story.ProtectedServer.Moment;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.Matrix;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.SessionCredentials;
import io.pgbackup.testing.Thief;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import software.amazon.awssdk.services.s3.model.ObjectLockRetentionMode;

/// Somebody steals a credential of a cluster whose bucket locks every version, on real MinIO.
class AttackIT {
  private static final String CLUSTER = "pgbackup/default/orders/";
  private static final ObjectKey NEIGHBOUR =
      new ObjectKey("pgbackup/default/orders2/u/18/wal_005/000000010000000000000001.lz4");

  @TempDir(factory = EnterableTempDir.class)
  Path folder;

  private S3Server s3;
  private String bucket = "";

  @BeforeEach
  void server() {
    s3 = S3Server.shared();
  }

  private AccessPolicy policy(Role role) {
    return AccessPolicy.of(role, new ClusterScope(bucket, StoreFolder.of(CLUSTER)));
  }

  private StorageConfig storage(Role role) throws IOException {
    Path keys = Files.createDirectories(folder.resolve("keys-" + role.word()));
    return SessionCredentials.limit(s3, s3.storageConfig(bucket), policy(role).json(), keys);
  }

  private Thief thief(Role role) {
    return new Thief(s3, bucket, policy(role));
  }

  /// Nothing here depends on the mode but what the store itself refuses, so both are for the
  /// matrix.
  static List<ObjectLockRetentionMode> modes() {
    return Matrix.isOn()
        ? List.of(ObjectLockRetentionMode.GOVERNANCE, ObjectLockRetentionMode.COMPLIANCE)
        : List.of(ObjectLockRetentionMode.GOVERNANCE);
  }

  @ParameterizedTest
  @MethodSource("modes")
  void everyAckedInstantComesBack(ObjectLockRetentionMode mode) throws Exception {
    bucket = s3.newLockedBucket(mode);
    try (ObjectStore owner = Stores.open(s3.storageConfig(bucket))) {
      owner.create(NEIGHBOUR, "the neighbour's".getBytes(UTF_8), Map.of());
    }
    try (ProtectedServer server =
            new ProtectedServer(PostgresRelease.NEWEST, folder, storage(Role.ARCHIVER));
        Thief archiver = thief(Role.ARCHIVER);
        Thief retention = thief(Role.RETENTION)) {
      // given an archive with three instants, and who restores may not write
      String uid = server.uid();
      server.awaitBackups(uid, 1);
      Moment first = server.write("first");
      server.archiveEverything();
      server.mustDo("backup");
      Moment second = server.write("second");
      server.archiveEverything();
      Moment third = server.write("third");
      server.archiveEverything();
      Path restorer = configurationFor(server, storage(Role.RESTORER));
      Map<String, String> honest = archiver.contents("");
      String victim = archiver.keys(CLUSTER + uid).getLast();
      String before = instant();

      // when the archiver's credential is stolen
      Map<String, Integer> done = archiver.tryEverythingForbidden(victim, NEIGHBOUR.value());
      String lineage = victim.substring(0, victim.indexOf("wal_005/"));
      archiver.overwriteEverything(CLUSTER);
      archiver.plant(lineage);

      // then nothing but what it may do was done, and nothing is lost
      assertThat(done).isEmpty();
      assertThat(archiver.deleteEverything(CLUSTER)).isEqualTo(archiver.keys(CLUSTER).size());
      assertThat(archiver.contents("")).containsAllEntriesOf(honest);
      isNoticed(server, restorer, third);
      restores(server, restorer, before, List.of(first, second, third));

      // when the credential of retention is stolen too
      Map<String, Integer> more = retention.tryEverythingForbidden(victim, NEIGHBOUR.value());
      assertThat(retention.deleteEverything(CLUSTER)).isZero();

      // then what was there is hidden
      assertThat(more).isEmpty();
      assertThat(server.pgbackup(restorer, "backups").out())
          .doesNotContain("base_000000010000000000000003");
      Installation.Answer then = server.pgbackup(restorer, "window", "--as-of", before);
      assertThat(then.out()).contains("  latest  ", uid);
      assertThat(then.err()).containsPattern("since .* [1-9][0-9]* deleted, at ");
      assertThat(archiver.contents("")).containsAllEntriesOf(honest);
      restores(server, restorer, before, List.of(second));

      // when the server itself goes back
      server.restoreInPlace(second.instant(), "--as-of", before);

      // then it is protected again, in a lineage of its own
      assertThat(ProtectedServer.content(server.postgres())).isEqualTo(second.content());
      assertThat(server.uid()).isNotEqualTo(uid);
      server.awaitBackups(server.uid(), 1);
    }
  }

  /// Without `--as-of` nothing hostile is restored, and the damage is named.
  private void isNoticed(ProtectedServer server, Path restorer, Moment moment) {
    Installation.Answer window = server.pgbackup(restorer, "window");
    assertThat(window.status()).as("%s", window).isEqualTo(7);
    assertThat(window.err()).contains("/pgbackup/claim.json is damaged");
    Path target = folder.resolve("plain");
    Installation.Answer restore =
        server.pgbackup(restorer, server.restore(moment.instant(), target));
    assertThat(restore.status()).as("%s", restore).isEqualTo(7);
    assertThat(target).doesNotExist();
  }

  /// By the store's clock, which is this machine's, between what was done and what will be done.
  private static String instant() throws InterruptedException {
    Thread.sleep(20);
    String instant = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
    Thread.sleep(20);
    return instant;
  }

  private void restores(
      ProtectedServer server, Path configuration, String asOf, List<Moment> moments) {
    for (Moment moment : moments) {
      Path target = folder.resolve("restored-" + System.nanoTime());
      Installation.Answer answer =
          server.pgbackup(configuration, server.restore(moment.instant(), target, "--as-of", asOf));
      assertThat(answer.status()).as("%s", answer).isZero();
      assertThat(server.contentOf(target)).isEqualTo(moment.content());
      assertThat(answer.err()).contains("have been written over", "  read as of   " + asOf);
    }
  }

  /// The server's configuration with other keys.
  private Path configurationFor(ProtectedServer server, StorageConfig storage) throws IOException {
    var files = (CredentialFiles) storage.credentials().orElseThrow();
    return Files.writeString(
        folder.resolve("restorer.yaml"),
        Files.readString(server.configuration())
            .replaceAll(
                "credentials: \\{.*\\}",
                "credentials: { accessKeyIdFile: %s, secretAccessKeyFile: %s, sessionTokenFile: %s }"
                    .formatted(
                        files.accessKeyIdFile(),
                        files.secretAccessKeyFile(),
                        files.sessionTokenFile().orElseThrow())));
  }
}
