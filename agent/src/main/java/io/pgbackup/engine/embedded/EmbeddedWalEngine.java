package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.Spares;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.WalObjects.WalObject;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.PackedBytes;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.tail.Pieces;
import io.pgbackup.engine.tail.Tail;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ImmutableObjects;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps WAL files as WAL-G does: `wal_005/<name><codec's extension>`, each with the SHA-256 of its
/// plaintext as metadata. Thread-safe.
public final class EmbeddedWalEngine implements WalEngine {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedWalEngine.class);

  /// History files grow by one short line for each promotion.
  private static final int GREATEST_SMALL_FILE = 16 << 20;

  private static final int GREATEST_SEGMENT = 1 << 30;
  private static final int MORE_THAN_NOTHING = 1024;

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final Packing packing;
  private final Optional<WalSegmentSize> segmentSize;
  private final WalObjects objects;
  private final ImmutableObjects immutable;
  private final EncryptionProof proof;
  private final Spares<PackedBytes> spares = new Spares<>();

  /// @param codec for what is pushed; whatever the archive holds is read
  /// @param segmentSize what a fetched segment must have; without it any size that PostgreSQL knows
  ///   will do, as for an archive that nobody claimed
  public EmbeddedWalEngine(
      ObjectStore store, ArchiveLayout layout, Codec codec, Optional<WalSegmentSize> segmentSize) {
    this(store, layout, Packing.plain(codec), segmentSize);
  }

  /// @param packing for what is pushed; whatever the archive holds is read, with the cipher's keys
  public EmbeddedWalEngine(
      ObjectStore store,
      ArchiveLayout layout,
      Packing packing,
      Optional<WalSegmentSize> segmentSize) {
    this.store = store;
    this.layout = layout;
    this.packing = packing;
    this.segmentSize = segmentSize;
    this.objects = new WalObjects(store, layout);
    this.immutable = new ImmutableObjects(store, packing.cipher());
    this.proof = new EncryptionProof(store, packing);
  }

  @Override
  public Pushed push(WalFileName name, byte[] content) {
    proof.requireNoFailure();
    // half of the size, which WAL seldom exceeds
    PackedBytes packed =
        spares.take().orElseGet(() -> new PackedBytes(content.length / 2 + MORE_THAN_NOTHING));
    try {
      return push(name, content, packed);
    } finally {
      spares.keep(packed);
    }
  }

  private Pushed push(WalFileName name, byte[] content, PackedBytes encoded) {
    // The store's answer takes about as long as the work on the bytes, and the digest about as long
    // as the packing.
    try (var listing = Answer.of("wal-listing", () -> objects.find(name));
        var digesting = Answer.of("wal-digest", () -> Sha256.hex(content))) {
      packing.pack(content, encoded);
      String digest = digesting.await();
      List<WalObject> standing = listing.await();
      if (!standing.isEmpty()) {
        // WAL-G takes any of them for the file, so each must hold it.
        standing.forEach(object -> requireSame(object, digest));
        standing.forEach(
            object ->
                object
                    .codec()
                    .ifPresent(
                        codec -> proof.requireStanding(object.object().key(), codec, content)));
        return Pushed.ALREADY_STORED;
      }
      ObjectKey key = layout.wal(name, packing.codec());
      Pushed pushed = create(key, encoded, digest);
      switch (pushed) {
        case STORED -> proof.require(key, content);
        case ALREADY_STORED -> proof.requireStanding(key, packing.codec(), content);
      }
      return pushed;
    }
  }

  private void requireSame(WalObject object, String digest) {
    ObjectKey key = object.object().key();
    immutable.requireSame(
        key,
        digest,
        stored ->
            packingOf(object).unpacking(stored, key.value(), Packing.writtenWith(store, key)));
  }

  private Pushed create(ObjectKey key, PackedBytes encoded, String digest) {
    var outcome =
        immutable.put(
            key,
            encoded.array(),
            encoded.size(),
            digest,
            stored -> packing.unpacking(stored, key.value(), Packing.writtenWith(store, key)));
    LOG.atDebug()
        .addKeyValue("key", key)
        .addKeyValue("bytes", encoded.size())
        .addKeyValue("outcome", outcome)
        .log("WAL pushed");
    return switch (outcome) {
      case STORED -> Pushed.STORED;
      case ALREADY_STORED -> Pushed.ALREADY_STORED;
    };
  }

  @Override
  public Optional<byte[]> fetch(WalFileName name) {
    return fetch(name, byte[]::new);
  }

  @Override
  public Optional<byte[]> fetch(WalFileName name, IntFunction<byte[]> memory) {
    List<WalObject> found = objects.find(name);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    byte[] content = read(name, found.getFirst(), memory);
    LOG.atDebug().addKeyValue("key", found.getFirst().object().key()).log("WAL fetched");
    return Optional.of(content);
  }

  @Override
  public Optional<Tail> unfinished(WalSegment segment) {
    return new Pieces(store, layout, packing.cipher()).read(segment);
  }

  private byte[] read(WalFileName name, WalObject object, IntFunction<byte[]> memory) {
    ObjectKey key = object.object().key();
    Packing known = packingOf(object);
    byte[] content;
    try (InputStream stored = store.open(key)) {
      content =
          known.unpack(
              stored,
              key.value(),
              limit(name),
              expected(name),
              memory,
              Packing.writtenWith(store, key));
    } catch (PgBackupException e) {
      throw e.problem() instanceof Problem.NotFound ? SourceFailure.vanished(key).causedBy(e) : e;
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
    if (name instanceof WalFileName.Segment) {
      requireWholeSegment(key, content.length);
    }
    return content;
  }

  private Packing packingOf(WalObject object) {
    return object
        .codec()
        .map(codec -> new Packing(codec, packing.cipher()))
        .orElseThrow(
            () ->
                Problem.verificationFailed(
                        object.object().key()
                            + " is compressed with lzo, which pgbackup does not read",
                        "Fetch it with a WAL-G that was built with lzo.")
                    .asException());
  }

  private int limit(WalFileName name) {
    return switch (name) {
      case WalFileName.Segment _, WalFileName.Partial _ ->
          segmentSize.map(WalSegmentSize::bytes).orElse(GREATEST_SEGMENT);
      case WalFileName.History _, WalFileName.BackupHistory _ -> GREATEST_SMALL_FILE;
    };
  }

  private int expected(WalFileName name) {
    return switch (name) {
      case WalFileName.Segment _, WalFileName.Partial _ ->
          segmentSize.orElse(WalSegmentSize.DEFAULT).bytes();
      case WalFileName.History _, WalFileName.BackupHistory _ -> 0;
    };
  }

  private void requireWholeSegment(ObjectKey key, int length) {
    boolean whole =
        segmentSize.isPresent()
            ? segmentSize.get().bytes() == length
            : WalSegmentSize.isValid(length);
    if (!whole) {
      throw Problem.verificationFailed(
              key
                  + " holds "
                  + length
                  + " bytes, which is no whole segment"
                  + segmentSize.map(size -> " of " + size.bytes() + " bytes").orElse(""),
              "The object is cut off, encrypted, or of another cluster.")
          .asException();
    }
  }
}
