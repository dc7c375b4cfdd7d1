package io.pgbackup.catalog;

import io.pgbackup.catalog.WalListing.WalObject;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.wal.SegmentHeader;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.InputStream;

/// Finds out how large the segments of an archive are that nobody claimed: each says it in its
/// first bytes. Thread-safe.
final class SegmentSizes {
  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final VersionedCache<WalSegmentSize> cache = new VersionedCache<>();

  SegmentSizes(ObjectStore store, ObjectCipher cipher) {
    this.store = store;
    this.cipher = cipher;
  }

  WalSegmentSize of(WalListing wal) {
    if (wal.segments().isEmpty()) {
      return WalSegmentSize.DEFAULT;
    }
    WalObject first = wal.segments().firstEntry().getValue();
    return cache.find(first.object()).orElseGet(() -> read(first));
  }

  private WalSegmentSize read(WalObject object) {
    String key = object.object().key().value();
    try (InputStream content =
        object.packing(cipher).unpacking(store.open(object.object().key()), key)) {
      WalSegmentSize size =
          SegmentHeader.parse(content.readNBytes(SegmentHeader.LENGTH))
              .map(SegmentHeader::segmentSize)
              .orElseThrow(
                  () ->
                      Problem.verificationFailed(
                              key + " does not begin like a WAL segment",
                              "The archive is encrypted, or of an unsupported version.")
                          .asException());
      cache.put(object.object(), size);
      return size;
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "reading " + key + " broke off: " + e.getMessage(), "Try again.")
          .causedBy(e);
    }
  }
}
