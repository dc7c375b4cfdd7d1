package io.pgbackup.credentials.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.Thief;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.services.s3.model.ObjectLockRetentionMode;

/// Real MinIO writes into versions that it locks, unless a policy refuses that.
class LockedVersionsIT {
  private static final StoreFolder FOLDER = StoreFolder.of("pgbackup/shop/orders");
  private static final ObjectKey VICTIM = FOLDER.key("u/18/wal_005/000000010000000000000001.lz4");
  private static final ObjectKey NEIGHBOUR = new ObjectKey("pgbackup/shop/orders2/u/18/x");

  private S3Server server;
  private String bucket = "";

  @BeforeEach
  void server() {
    server = S3Server.shared();
  }

  private void lockedBucket(ObjectLockRetentionMode mode) {
    bucket = server.newLockedBucket(mode);
    try (ObjectStore owner = Stores.open(server.storageConfig(bucket))) {
      owner.create(VICTIM, new byte[] {1}, Map.of());
      owner.create(NEIGHBOUR, new byte[] {2}, Map.of());
    }
  }

  @ParameterizedTest
  @CsvSource({"GOVERNANCE,ARCHIVER", "COMPLIANCE,ARCHIVER", "GOVERNANCE,RETENTION"})
  void noRoleGetsPastTheLock(ObjectLockRetentionMode mode, Role role) {
    lockedBucket(mode);
    try (Thief thief =
        new Thief(server, bucket, AccessPolicy.of(role, new ClusterScope(bucket, FOLDER)))) {
      Map<String, String> before = thief.contents("");

      assertThat(thief.tryEverythingForbidden(VICTIM.value(), NEIGHBOUR.value())).isEmpty();
      assertThat(thief.contents("")).containsAllEntriesOf(before);
    }
  }

  /// The control: were this to fail, the server would no longer need our refusals.
  @ParameterizedTest
  @EnumSource(
      value = ObjectLockRetentionMode.class,
      names = {"GOVERNANCE", "COMPLIANCE"})
  void theRightToPutAloneDoes(ObjectLockRetentionMode mode) {
    lockedBucket(mode);
    String policy =
        """
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow",
         "Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::%s/%s*"]}]}"""
            .formatted(bucket, FOLDER);
    try (Thief thief = new Thief(server, bucket, new AccessPolicy(policy))) {
      Map<String, String> before = thief.contents("");

      Map<String, Integer> done = thief.tryEverythingForbidden(VICTIM.value(), NEIGHBOUR.value());

      assertThat(done).containsKey("unpack a tar into the version");
      if (mode == ObjectLockRetentionMode.GOVERNANCE) {
        assertThat(done)
            .containsKeys(
                "write into the version", "upload into the version", "copy into the version");
      }
      assertThat(thief.contents("").get(before.keySet().iterator().next()))
          .isNotEqualTo(before.values().iterator().next());
    }
  }
}
