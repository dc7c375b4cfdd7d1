package io.pgbackup.credentials.aws;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import io.pgbackup.testing.S3Server;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;

/// The requests to STS mean to a real server what they are meant to: MinIO answers AssumeRole as
/// AWS does, but knows no IAM roles. AWS itself is never asked.
class AwsBrokerIT {
  private static final byte[] CONTENT = "x".getBytes(UTF_8);
  private static final ObjectKey OWN = new ObjectKey("pgbackup/shop/orders/u/18/wal_005/x");
  private static final ObjectKey TWIN = new ObjectKey("pgbackup/shop/orders2/u/18/wal_005/x");

  @Test
  void theSessionReachesItsFolderAndEndsWhenItSays() {
    // given
    S3Server server = S3Server.shared();
    StorageConfig storage = server.storageConfig(server.newBucket());
    Map<Role, String> arns = new EnumMap<>(Role.class);
    for (Role role : Role.values()) {
      arns.put(role, "arn:aws:iam::123456789012:role/any");
    }
    Holder orders =
        new Holder(
            new ClusterId("shop", "orders"),
            new ClusterScope(storage.url().getAuthority(), StoreFolder.of("pgbackup/shop/orders")));

    // when
    CredentialDocument document;
    try (var broker =
        new AwsBroker(
            arns,
            storage.region(),
            Optional.of(server.endpoint()),
            () -> AwsBasicCredentials.create(S3Server.ACCESS_KEY, S3Server.SECRET_KEY),
            InstantSource.system())) {
      document = broker.issue(orders, Role.ARCHIVER, Optional.of(Duration.ofMinutes(15)));
    }

    // then
    Instant end = document.expiration().orElseThrow();
    assertThat(Duration.between(document.issuedAt(), end))
        .isBetween(Duration.ofMinutes(14), Duration.ofMinutes(16));
    try (ObjectStore archiver = Stores.open(storage, Optional.of(document.keys()))) {
      assertThat(archiver.create(OWN, CONTENT, Map.of())).isInstanceOf(Created.class);
      assertThat(archiver.delete(List.of(OWN))).containsExactly(OWN);
      assertThatThrownBy(() -> archiver.create(TWIN, CONTENT, Map.of()))
          .isInstanceOf(PgBackupException.class)
          .hasMessageContaining("AccessDenied");
    }
  }
}
