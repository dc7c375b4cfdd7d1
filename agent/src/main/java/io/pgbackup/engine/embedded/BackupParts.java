package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.Packing;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// Opens the tar objects of one backup and counts what they hold. Thread-safe.
final class BackupParts {
  private final ObjectStore store;
  private final StoreFolder folder;
  private final Packing packing;
  private final EncryptionProof proof;
  private final AtomicInteger number = new AtomicInteger(1);
  private final LongAdder content = new LongAdder();
  private final LongAdder stored = new LongAdder();

  /// @param folder the backup's `tar_partitions`
  BackupParts(ObjectStore store, StoreFolder folder, Packing packing) {
    this.store = store;
    this.folder = folder;
    this.packing = packing;
    this.proof = new EncryptionProof(store, packing);
  }

  /// The first part, for the directories.
  PartWriter first() throws IOException {
    return named("part_001");
  }

  /// The next numbered part.
  PartWriter next() throws IOException {
    return named("part_%03d".formatted(number.incrementAndGet()));
  }

  /// @param name without extension
  PartWriter named(String name) throws IOException {
    return new PartWriter(store, folder.key(name + ".tar" + packing.codec().extension()), packing);
  }

  /// Finishes a part and counts it. The first one is read back where it is to be encrypted.
  void finish(PartWriter part) throws IOException {
    part.finish();
    proof.require(part.key(), part.head());
    content.add(part.content());
    stored.add(part.stored());
  }

  /// Bytes of member content in finished parts.
  long content() {
    return content.sum();
  }

  /// Bytes in the store.
  long stored() {
    return stored.sum();
  }
}
