package io.pgbackup.store.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.testing.S3Server;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("it sets system properties that every S3 client reads")
class S3DefaultChainIT {
  @Test
  void withoutCredentialFilesTheSdksDefaultChainIsAsked() {
    // given
    S3Server server = S3Server.shared();
    StorageConfig files = server.storageConfig(server.newBucket());
    StorageConfig storage =
        new StorageConfig(
            files.url(),
            files.endpoint(),
            files.region(),
            files.pathStyle(),
            files.caFile(),
            Optional.empty(),
            files.prefix());
    System.setProperty("aws.accessKeyId", S3Server.ACCESS_KEY);
    System.setProperty("aws.secretAccessKey", S3Server.SECRET_KEY);

    // when, then
    try (ObjectStore store = S3ObjectStore.open(storage)) {
      assertThat(store.head(new ObjectKey("x"))).isEmpty();
    } finally {
      System.clearProperty("aws.accessKeyId");
      System.clearProperty("aws.secretAccessKey");
    }
  }
}
