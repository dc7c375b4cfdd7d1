package io.pgbackup.catalog;

import io.pgbackup.catalog.WalListing.WalObject;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.wal.TransactionEnd;
import io.pgbackup.postgres.wal.WalReader;
import io.pgbackup.postgres.wal.WalScan;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Reads segments from the store, each version of an object once.
final class ArchivedSegmentReader implements SegmentReader {
  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final Function<WalSegment, WalObject> objects;
  private final VersionedCache<SegmentEnds> cache;

  /// @param objects where each of the archive's segments lies
  ArchivedSegmentReader(
      ObjectStore store,
      ObjectCipher cipher,
      Function<WalSegment, WalObject> objects,
      VersionedCache<SegmentEnds> cache) {
    this.store = store;
    this.cipher = cipher;
    this.objects = objects;
    this.cache = cache;
  }

  @Override
  public SegmentEnds read(WalSegment segment, List<WalSegment> following) {
    WalObject object = object(segment);
    return cache.find(object.object()).orElseGet(() -> readAnew(segment, object, following));
  }

  private SegmentEnds readAnew(WalSegment segment, WalObject object, List<WalSegment> following) {
    WalReader reader = new WalReader();
    WalScan scan = scan(object, content -> reader.read(segment, content));
    List<TransactionEnd> ends = new ArrayList<>(scan.transactionEnds());
    boolean open = scan.openTransactionEnd();
    for (WalSegment next : following) {
      if (!open) {
        break;
      }
      WalScan rest = scan(object(next), content -> reader.readContinuation(next, content));
      ends.addAll(rest.transactionEnds());
      open = rest.openTransactionEnd();
    }
    SegmentEnds found = SegmentEnds.of(ends, scan.whole());
    if (!open) {
      cache.put(object.object(), found);
    }
    return found;
  }

  private interface Scan {
    WalScan of(InputStream content) throws IOException;
  }

  private WalScan scan(WalObject object, Scan scan) {
    String key = object.object().key().value();
    try (InputStream content = object.packing(cipher).open(store, object.object().key())) {
      return scan.of(content);
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }

  private WalObject object(WalSegment segment) {
    return objects.apply(segment);
  }
}
