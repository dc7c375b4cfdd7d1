package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What wal-g is told of the store.
class WalgEnvironmentTest {
  @TempDir private Path folder;

  private WalgEnvironment environment(Scratch scratch, String storage) {
    PgBackupConfig config =
        new ConfigLoader(Map.of())
            .parse("the test's", "cluster: { name: orders }\nstorage: { %s }".formatted(storage));
    return new WalgEnvironment(
        config.storage(),
        config.postgres(),
        EncryptionSettings.of(config.encryption()),
        scratch,
        Optional.empty());
  }

  @Test
  void itReachesTheStoreAsWeDo() {
    try (Scratch scratch = Scratch.in(folder)) {
      assertThat(
              environment(scratch, "url: s3://backups, endpoint: 'https://minio.example:9000'")
                  .reading(new ArchiveLayout(StoreFolder.of("orders"))))
          .containsEntry("WALG_S3_PREFIX", "s3://backups/orders")
          .containsEntry("AWS_ENDPOINT", "https://minio.example:9000")
          .containsEntry("AWS_S3_FORCE_PATH_STYLE", "true")
          .containsEntry("S3_ENABLE_VERSIONING", "disabled");
    }
  }

  @Test
  void itDeletesOnlyWhereTheStoreKnowsDeleteObjects() {
    try (Scratch scratch = Scratch.in(folder)) {
      WalgEnvironment without =
          environment(scratch, "url: s3://backups, dialect: { batchDelete: false }");

      environment(scratch, "url: s3://backups").requireBatchDelete();
      assertThatThrownBy(without::requireBatchDelete)
          .isInstanceOfSatisfying(
              PgBackupException.class,
              refused -> assertThat(refused.problem()).isInstanceOf(Problem.Refused.class));
    }
  }
}
