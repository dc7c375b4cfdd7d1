package io.pgbackup.store.open;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoresTest {
  @TempDir Path directory;

  @Test
  void opensADirectory() {
    try (ObjectStore store = Stores.open(storage("file://" + directory, Optional.empty()))) {
      assertThat(store.url()).isEqualTo("file://" + directory);
    }
  }

  @Test
  void opensABucketWithoutAskingForIt() {
    URI nobodyListens = URI.create("http://127.0.0.1:1");
    try (ObjectStore store =
        Stores.open(storage("s3://with_underscore", Optional.of(nobodyListens)))) {
      assertThat(store.url()).isEqualTo("s3://with_underscore");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "backups",
        "gs://backups",
        "s3:///backups",
        "s3://backups/folder",
        "file://mnt/backups",
        "file:backups",
        "file:///mnt/backups?x=y"
      })
  void saysWhatIsNoStore(String url) {
    assertThatThrownBy(() -> Stores.open(storage(url, Optional.empty())))
        .hasMessageContaining(url)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure.problem()).isInstanceOf(Problem.Misconfigured.class);
              assertThat(failure.problem().hint().orElseThrow()).contains("s3://bucket");
            });
  }

  @Test
  void doesNotMakeAMissingDirectory() {
    Path missing = directory.resolve("missing");

    assertThatThrownBy(() -> Stores.open(storage("file://" + missing, Optional.empty())))
        .hasMessageContaining(missing + " does not exist")
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> assertThat(failure.problem()).isInstanceOf(Problem.Misconfigured.class));
    assertThat(missing).doesNotExist();
  }

  private static StorageConfig storage(String url, Optional<URI> endpoint) {
    return new StorageConfig(
        URI.create(url), endpoint, "us-east-1", true, Optional.empty(), Optional.empty(), "p");
  }
}
