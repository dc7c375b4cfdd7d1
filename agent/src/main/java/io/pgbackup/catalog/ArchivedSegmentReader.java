package io.pgbackup.catalog;

import io.pgbackup.catalog.WalListing.WalObject;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.tail.PieceChain;
import io.pgbackup.engine.tail.Tail;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.wal.TransactionEnd;
import io.pgbackup.postgres.wal.WalReader;
import io.pgbackup.postgres.wal.WalScan;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Reads segments from the store, each version of an object once.
final class ArchivedSegmentReader implements SegmentReader {
  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final Function<WalSegment, WalObject> objects;
  private final VersionedCache<SegmentEnds> cache;
  private final Optional<PieceChain> streamed;
  private final Function<PieceChain, Optional<Tail>> pieces;

  /// @param objects where each of the archive's segments lies
  /// @param streamed of the segment that is not whole
  /// @param pieces reads them
  ArchivedSegmentReader(
      ObjectStore store,
      ObjectCipher cipher,
      Function<WalSegment, WalObject> objects,
      VersionedCache<SegmentEnds> cache,
      Optional<PieceChain> streamed,
      Function<PieceChain, Optional<Tail>> pieces) {
    this.streamed = streamed;
    this.pieces = pieces;
    this.store = store;
    this.cipher = cipher;
    this.objects = objects;
    this.cache = cache;
  }

  @Override
  public SegmentEnds read(WalSegment segment, List<WalSegment> following) {
    Optional<PieceChain> chain = chain(segment);
    if (chain.isPresent()) {
      return unfinished(chain.get());
    }
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
      WalScan rest = rest(next, reader);
      ends.addAll(rest.transactionEnds());
      open = rest.openTransactionEnd();
    }
    SegmentEnds found = SegmentEnds.of(ends, scan.whole());
    if (!open) {
      cache.put(object.object(), found);
    }
    return found;
  }

  private Optional<PieceChain> chain(WalSegment segment) {
    return streamed.filter(chain -> chain.segment().equals(segment));
  }

  /// As long as none is added to them, the pieces are read once.
  private SegmentEnds unfinished(PieceChain chain) {
    StoredObject newest = chain.pieces().getLast().object();
    Optional<SegmentEnds> known = cache.find(newest);
    if (known.isPresent()) {
      return known.get();
    }
    List<TransactionEnd> ends =
        pieces
            .apply(chain)
            .map(tail -> scan(tail, content -> new WalReader().read(tail.segment(), content)))
            .map(WalScan::transactionEnds)
            .orElse(List.of());
    SegmentEnds found = SegmentEnds.of(ends, /* whole= */ false);
    cache.put(newest, found);
    return found;
  }

  private WalScan rest(WalSegment next, WalReader reader) {
    Optional<PieceChain> chain = chain(next);
    if (chain.isEmpty()) {
      return scan(object(next), content -> reader.readContinuation(next, content));
    }
    return pieces
        .apply(chain.get())
        .map(tail -> scan(tail, content -> reader.readContinuation(next, content)))
        .orElseGet(
            () ->
                new WalScan(
                    List.of(),
                    next.start(),
                    /* whole= */ false,
                    /* openTransactionEnd= */ true,
                    List.of(),
                    /* openNewTablespace= */ false));
  }

  private static WalScan scan(Tail tail, Scan scan) {
    try {
      return scan.of(tail.stream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
