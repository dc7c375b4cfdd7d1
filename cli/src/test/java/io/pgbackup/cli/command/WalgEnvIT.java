package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.store.open.Stores;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.S3Server;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// WAL-G's settings lead to an archive in a real S3 server, with the keys that stand in them.
class WalgEnvIT {
  private static final String FOLDER = "spilo/orders/6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a/wal/15";

  @TempDir private Path folder;

  @Test
  void spilosEnvdirIsAllThatIsNeeded() throws IOException {
    S3Server s3 = S3Server.shared();
    String bucket = s3.newBucket();
    upload(s3, bucket);
    Path env = Files.createDirectory(folder.resolve("env"));
    Map.of(
            "WALG_S3_PREFIX",
            "s3://" + bucket + "/" + FOLDER,
            "WALE_S3_PREFIX",
            "s3://" + bucket + "/" + FOLDER,
            "AWS_ENDPOINT",
            s3.endpoint().toString(),
            "AWS_S3_FORCE_PATH_STYLE",
            "true",
            "AWS_REGION",
            S3Server.REGION,
            "AWS_ACCESS_KEY_ID",
            S3Server.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY",
            S3Server.SECRET_KEY,
            "WALG_UPLOAD_CONCURRENCY",
            "4")
        .forEach((name, value) -> write(env.resolve(name), value));

    Run window = Run.of("--walg-env", env.toString(), "window", "-v");
    Run clusters = Run.of("--walg-env", env.toString(), "--store", "s3://" + bucket, "clusters");
    write(env.resolve("AWS_SECRET_ACCESS_KEY"), "another-secret");
    Run refused = Run.of("--walg-env", env.toString(), "window");

    assertThat(window.status()).as(window.err()).isZero();
    assertThat(window.out()).startsWith("default/orders  6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a");
    assertThat(window.out() + window.err()).doesNotContain(S3Server.SECRET_KEY);
    assertThat(clusters.out()).contains(FOLDER);
    assertThat(refused.status()).isEqualTo(5);
    assertThat(refused.err()).doesNotContain("another-secret");
  }

  private void upload(S3Server s3, String bucket) throws IOException {
    Path local = Files.createDirectory(folder.resolve("local"));
    GoldenArchive.copyInto(local.resolve(FOLDER));
    try (ObjectStore from = FileObjectStore.open(local);
        ObjectStore to = Stores.open(s3.storageConfig(bucket));
        Stream<StoredObject> objects = from.list("")) {
      for (var object : (Iterable<StoredObject>) objects::iterator) {
        ObjectKey key = object.key();
        try (InputStream content = from.open(key)) {
          var _ = to.create(key, content.readAllBytes(), Map.of());
        }
      }
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
