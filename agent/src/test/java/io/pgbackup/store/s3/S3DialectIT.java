package io.pgbackup.store.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.config.StorageDialect;
import io.pgbackup.config.StorageDialect.Checksum;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectStoreContract;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FaultyProxy.Request;
import io.pgbackup.testing.S3Server;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The contract of every store, kept by a MinIO behind a proxy that knows neither CRC32C nor
/// DeleteObjects, once the configuration says so.
class S3DialectIT extends ObjectStoreContract {
  private static final S3Tuning SMALL_PARTS =
      new S3Tuning(PART, 3, 2, 4, Duration.ofMillis(10), Duration.ofMillis(100));

  private FaultyProxy proxy;
  private StorageConfig storage;
  private ObjectStore store;

  @BeforeEach
  void open() {
    S3Server server = S3Server.shared();
    proxy = FaultyProxy.before(server.endpoint());
    proxy.breakNext(
        Integer.MAX_VALUE, S3DialectIT::isUnknown, FaultyProxy.error(501, "NotImplemented"));
    StorageConfig direct = server.storageConfig(server.newBucket());
    storage =
        new StorageConfig(
            direct.url(),
            Optional.of(proxy.endpoint()),
            direct.region(),
            direct.pathStyle(),
            direct.caFile(),
            direct.credentials(),
            direct.prefix(),
            new StorageDialect(Checksum.MD5, /* batchDelete= */ false));
    store = S3ObjectStore.open(storage, SMALL_PARTS);
  }

  private static boolean isUnknown(Request request) {
    return request.headers().containsKey("x-amz-checksum-crc32c")
        || request.headers().containsKey("x-amz-checksum-algorithm")
        || request.is("POST", "?delete");
  }

  @AfterEach
  void close() {
    store.close();
    proxy.close();
  }

  @Override
  protected ObjectStore store() {
    return store;
  }

  @Override
  protected void assertHoldsOnly(ObjectKey... keys) {
    assertThat(store.list("").map(StoredObject::key)).containsExactlyInAnyOrder(keys);
  }

  @Test
  void everyBodyHasItsMd5() {
    store.create(new ObjectKey("a"), new byte[] {1}, Map.of());

    assertThat(proxy.requests().stream().filter(request -> request.method().equals("PUT")))
        .isNotEmpty()
        .allSatisfy(request -> assertThat(request.headers()).containsKey("content-md5"));
  }
}
