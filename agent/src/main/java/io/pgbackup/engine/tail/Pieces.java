package io.pgbackup.engine.tail;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.crypto.UnopenedObject;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ImmutableObjects;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stores and reads pieces. Thread-safe.
public final class Pieces {
  private static final Logger LOGGER = LoggerFactory.getLogger(Pieces.class);

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final ObjectCipher cipher;

  public Pieces(ObjectStore store, ArchiveLayout layout, ObjectCipher cipher) {
    this.store = store;
    this.layout = layout;
    this.cipher = cipher;
  }

  /// Returns once the store has confirmed the object.
  ///
  /// @param packing whose cipher is this one's
  /// @throws PgBackupException `Refused` if other content stands there; `StorageFailed` if the
  ///   store did not do its part
  public void put(Piece piece, byte[] content, Packing packing) {
    ObjectKey key = piece.key(layout, packing.codec());
    new ImmutableObjects(store, cipher)
        .put(
            key,
            packing.pack(content),
            Sha256.hex(content),
            stored -> packing.unpacking(stored, key.value(), Packing.writtenWith(store, key)));
  }

  /// What of a segment can be put together, by the objects' names alone: one LIST.
  public PieceChain chain(WalSegment segment) {
    try (Stream<StoredObject> objects = store.list(layout.streamed(segment).path())) {
      List<Piece.Stored> pieces =
          objects.flatMap(object -> Piece.of(segment, object).stream()).toList();
      return PieceChain.of(segment, pieces);
    }
  }

  /// Reads a segment's pieces and proves each by its checksum. Damage ends it: what lies before the
  /// damage counts.
  ///
  /// @return nothing where the segment has no pieces
  /// @throws PgBackupException `StorageFailed`; a store that does not answer is no end of WAL.
  ///   `VerificationFailed` where a piece needs a key that is not there: that is no end either
  public Optional<Tail> read(WalSegment segment) {
    PieceChain chain = chain(segment);
    return chain.isEmpty() ? Optional.empty() : read(chain, Optional.empty());
  }

  /// As [#read(WalSegment)], of what was listed.
  ///
  /// @param known what was read before, of whatever segment: its pieces are not read again
  public Optional<Tail> read(PieceChain chain, Optional<Tail> known) {
    WalSegment segment = chain.segment();
    byte[] content = new byte[segment.size().bytes()];
    Lsn end = segment.start();
    Optional<Tail> before = known.filter(tail -> tail.segment().equals(segment));
    if (before.isPresent()) {
      System.arraycopy(before.get().content(), 0, content, 0, content.length);
      end = before.get().end();
    }
    for (Piece.Stored stored : chain.pieces()) {
      if (stored.piece().to().compareTo(end) <= 0) {
        continue;
      }
      Optional<byte[]> bytes = bytes(stored);
      if (bytes.isEmpty() || contradicts(stored.piece(), bytes.get(), content, end)) {
        LOGGER
            .atWarn()
            .addKeyValue("key", stored.object().key())
            .log("a streamed piece is damaged; the archive's WAL ends before it");
        break;
      }
      System.arraycopy(
          bytes.get(),
          0,
          content,
          (int) stored.piece().from().minus(segment.start()),
          bytes.get().length);
      end = stored.piece().to();
    }
    return end.equals(segment.start())
        ? Optional.empty()
        : Optional.of(new Tail(segment, end, content));
  }

  /// What two pieces both hold must be the same.
  private static boolean contradicts(Piece piece, byte[] bytes, byte[] content, Lsn end) {
    int from = (int) piece.from().minus(piece.segment().start());
    int common = (int) Math.min(bytes.length, end.minus(piece.from()));
    return common > 0 && !Arrays.equals(bytes, 0, common, content, from, from + common);
  }

  private Optional<byte[]> bytes(Piece.Stored stored) {
    ObjectKey key = stored.object().key();
    Packing packing = new Packing(stored.codec(), cipher);
    try (InputStream object = store.open(key)) {
      byte[] bytes =
          packing.unpack(
              object, key.value(), stored.piece().length(), Packing.writtenWith(store, key));
      return bytes.length == stored.piece().length() && isAsWritten(key, bytes)
          ? Optional.of(bytes)
          : Optional.empty();
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    } catch (PgBackupException e) {
      return switch (e.problem()) {
        case Problem.VerificationFailed _ -> {
          Optional<String> writtenWith = Packing.writtenWith(store, key).get();
          if (UnopenedObject.isForeign(writtenWith, cipher.fingerprints())) {
            throw UnopenedObject.of(key.value(), new byte[0], writtenWith, cipher.fingerprints());
          }
          yield Optional.empty();
        }
        case Problem.NotFound _ ->
            throw Problem.storageUnavailable(
                    key + " was listed and is gone",
                    "The segment is whole by now; reading again finds it.")
                .causedBy(e);
        default -> throw e;
      };
    }
  }

  private boolean isAsWritten(ObjectKey key, byte[] bytes) {
    return store
        .head(key)
        .flatMap(object -> cipher.isMarked(object.metadata(), Sha256.hex(bytes)))
        .orElse(true);
  }
}
