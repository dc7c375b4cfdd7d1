package io.pgbackup.store.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectStoreContract;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.S3Server;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import software.amazon.awssdk.services.s3.S3Client;

/// The contract of every store, kept by a real S3 server.
class S3ObjectStoreIT extends ObjectStoreContract {
  private static final S3Tuning SMALL_PARTS =
      new S3Tuning(PART, 3, 2, 4, Duration.ofMillis(10), Duration.ofMillis(100));

  private S3Server server;
  private String bucket;
  private ObjectStore store;

  @BeforeEach
  void open() {
    server = S3Server.shared();
    bucket = server.newBucket();
    store = S3ObjectStore.open(server.storageConfig(bucket), SMALL_PARTS);
  }

  @AfterEach
  void close() {
    if (store != null) {
      store.close();
    }
  }

  @Override
  protected ObjectStore store() {
    return store;
  }

  @Override
  protected void assertHoldsOnly(ObjectKey... keys) {
    assertThat(store.list("").map(StoredObject::key)).containsExactlyInAnyOrder(keys);
    try (S3Client client = server.client()) {
      // MinIO lists uploads only of a whole key.
      assertThat(
              client
                  .listMultipartUploads(request -> request.bucket(bucket).prefix(UPLOADED.value()))
                  .uploads())
          .isEmpty();
    }
  }
}
