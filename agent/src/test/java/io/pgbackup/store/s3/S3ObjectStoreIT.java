package io.pgbackup.store.s3;

import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectStoreContract;
import io.pgbackup.testing.S3Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class S3ObjectStoreIT extends ObjectStoreContract {
  private ObjectStore store;

  @BeforeEach
  void open() {
    S3Server server = S3Server.shared();
    store = S3ObjectStore.open(server.storageConfig(server.newBucket()));
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Override
  protected ObjectStore store() {
    return store;
  }
}
