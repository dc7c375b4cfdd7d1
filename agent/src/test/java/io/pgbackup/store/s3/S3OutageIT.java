package io.pgbackup.store.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.S3Server;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A store that goes away and comes back under a client that stays.
class S3OutageIT {
  private static final S3Tuning TUNING =
      new S3Tuning(5 << 20, 2, 2, 2, Duration.ofMillis(1), Duration.ofMillis(1));
  private static final byte[] CONTENT = "x".getBytes(UTF_8);

  @Test
  void worksAgainWhenTheServerIsBack() {
    try (S3Server server = S3Server.own();
        ObjectStore store = S3ObjectStore.open(server.storageConfig(server.newBucket()), TUNING)) {
      store.create(new ObjectKey("before"), CONTENT, Map.of());

      // when
      server.stop();

      // then
      assertThatThrownBy(() -> store.head(new ObjectKey("before")))
          .isInstanceOfSatisfying(
              PgBackupException.class,
              failure -> assertThat(failure.problem().retryMayHelp()).isTrue());

      // when
      server.start();

      // then
      assertThat(store.head(new ObjectKey("before"))).isPresent();
      assertThat(store.create(new ObjectKey("after"), CONTENT, Map.of()))
          .isInstanceOf(Created.class);
    }
  }

  @Test
  void takesRenewedCredentialsWithoutARestart() throws Exception {
    // given
    S3Server server = S3Server.shared();
    StorageConfig storage = server.storageConfig(server.newBucket());
    CredentialFiles files = (CredentialFiles) storage.credentials().orElseThrow();
    String secret = Files.readString(files.secretAccessKeyFile());
    try (ObjectStore store = S3ObjectStore.open(storage, TUNING)) {
      PrivateFile.write(files.secretAccessKeyFile(), "wrong-secret");

      // when, then
      assertThatThrownBy(() -> store.create(new ObjectKey("a"), CONTENT, Map.of()))
          .hasMessageNotContaining("wrong-secret")
          .isInstanceOfSatisfying(
              PgBackupException.class,
              failure -> assertThat(failure.problem()).isInstanceOf(Problem.StorageFailed.class));

      // when
      PrivateFile.write(files.secretAccessKeyFile(), secret);

      // then
      assertThat(store.create(new ObjectKey("a"), CONTENT, Map.of())).isInstanceOf(Created.class);
    }
  }
}
