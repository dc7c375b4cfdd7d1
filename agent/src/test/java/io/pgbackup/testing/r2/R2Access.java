package io.pgbackup.testing.r2;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.config.R2Account;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.credentials.r2.R2Broker;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;

/// The way to a stand-in that the broker and a configuration give.
public final class R2Access {
  private R2Access() {}

  /// What the broker issues for a cluster's folder.
  public static AccessKeys issue(R2StandIn r2, ClusterId cluster, Role role, InstantSource clock) {
    try (var broker =
        new R2Broker(
            new R2Account(R2StandIn.ACCOUNT, R2Account.Jurisdiction.DEFAULT),
            r2.endpoint(),
            () -> AwsBasicCredentials.create(R2StandIn.PARENT_ID, R2StandIn.PARENT_SECRET),
            clock)) {
      var folder = StoreFolder.of("pgbackup/%s/%s".formatted(cluster.namespace(), cluster.name()));
      Holder holder = new Holder(cluster, new ClusterScope(R2StandIn.BUCKET, folder));
      return broker.issue(holder, role, Optional.empty()).keys();
    }
  }

  /// What `storage` says, with these credentials in files.
  public static StorageConfig storage(R2StandIn r2, AccessKeys keys, Path directory) {
    return new ConfigLoader(
            Map.of(
                "PGBACKUP_CLUSTER_NAME",
                "any",
                "PGBACKUP_STORAGE_URL",
                "s3://" + R2StandIn.BUCKET,
                "PGBACKUP_STORAGE_ENDPOINT",
                r2.endpoint().toString(),
                "PGBACKUP_STORAGE_REGION",
                "auto",
                "PGBACKUP_STORAGE_CREDENTIALS_ACCESS_KEY_ID_FILE",
                file(directory, "id", keys.accessKeyId()),
                "PGBACKUP_STORAGE_CREDENTIALS_SECRET_ACCESS_KEY_FILE",
                file(directory, "secret", keys.secretAccessKey()),
                "PGBACKUP_STORAGE_CREDENTIALS_SESSION_TOKEN_FILE",
                file(directory, "token", keys.sessionToken().orElseThrow())))
        .parse("configuration", "")
        .storage();
  }

  private static String file(Path directory, String name, String secret) {
    try {
      Path file = Files.writeString(directory.resolve(name), secret);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      return file.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
