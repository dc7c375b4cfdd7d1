package io.pgbackup.catalog;

import io.pgbackup.catalog.WalListing.WalObject;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.postgres.wal.SegmentHeader;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;

/// What the segments of an archive that nobody claimed say of their server in their first bytes:
/// their size, its version and system identifier. Thread-safe.
final class SegmentHeaders {
  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final VersionedCache<SegmentHeader> cache = new VersionedCache<>();

  SegmentHeaders(ObjectStore store, ObjectCipher cipher) {
    this.store = store;
    this.cipher = cipher;
  }

  /// Of the newest segment, empty where there is none.
  Optional<SegmentHeader> of(WalListing wal) {
    return Optional.ofNullable(wal.segments().lastEntry())
        .map(Map.Entry::getValue)
        .map(newest -> cache.find(newest.object()).orElseGet(() -> read(newest)));
  }

  private SegmentHeader read(WalObject object) {
    String key = object.object().key().value();
    try (InputStream content = object.packing(cipher).open(store, object.object().key())) {
      SegmentHeader header =
          SegmentHeader.parse(content.readNBytes(SegmentHeader.LENGTH))
              .orElseThrow(
                  () ->
                      Problem.verificationFailed(
                              key + " does not begin like a WAL segment",
                              "The archive is encrypted, or of an unsupported version.")
                          .asException());
      cache.put(object.object(), header);
      return header;
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }
}
