package io.pgbackup.engine.embedded;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.WalObjects.WalObject;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Sha256;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps WAL files as WAL-G does: `wal_005/<name><codec's extension>`, each with the SHA-256 of its
/// plaintext as metadata. Thread-safe.
public final class EmbeddedWalEngine implements WalEngine {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedWalEngine.class);

  /// History files grow by one short line for each promotion.
  private static final int GREATEST_SMALL_FILE = 16 << 20;

  private static final int GREATEST_SEGMENT = 1 << 30;

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final Codec codec;
  private final Optional<WalSegmentSize> segmentSize;
  private final WalObjects objects;

  /// @param codec for what is pushed; whatever the archive holds is read
  /// @param segmentSize what a fetched segment must have; without it any size that PostgreSQL knows
  ///   will do, as for an archive that nobody claimed
  public EmbeddedWalEngine(
      ObjectStore store, ArchiveLayout layout, Codec codec, Optional<WalSegmentSize> segmentSize) {
    this.store = store;
    this.layout = layout;
    this.codec = codec;
    this.segmentSize = segmentSize;
    this.objects = new WalObjects(store, layout);
  }

  @Override
  public Pushed push(WalFileName name, byte[] content) {
    String digest = Sha256.hex(content);
    List<WalObject> standing = objects.find(name);
    if (!standing.isEmpty()) {
      // WAL-G takes any of them for the file, so each must hold it.
      standing.forEach(object -> requireSame(name, object, digest));
      return Pushed.ALREADY_STORED;
    }
    byte[] stored = codec.compress(content);
    ObjectKey key = layout.wal(name, codec);
    return switch (store.create(key, stored, Map.of(StoredObject.SHA256, digest))) {
      case CreateOutcome.Created _ -> {
        LOG.atDebug().addKeyValue("key", key).addKeyValue("bytes", stored.length).log("WAL stored");
        yield Pushed.STORED;
      }
      case CreateOutcome.AlreadyThere there -> {
        requireSame(name, new WalObject(there.object(), Optional.of(codec)), digest);
        yield Pushed.ALREADY_STORED;
      }
    };
  }

  @Override
  public Optional<byte[]> fetch(WalFileName name) {
    List<WalObject> found = objects.find(name);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    byte[] content = read(name, found.getFirst());
    LOG.atDebug().addKeyValue("key", found.getFirst().object().key()).log("WAL fetched");
    return Optional.of(content);
  }

  private void requireSame(WalFileName name, WalObject standing, String digest) {
    String stands = standingDigest(name, standing);
    if (!stands.equals(digest)) {
      throw Problem.refused(
              "the archive holds " + standing.object().key() + " with other content",
              "Two servers may be archiving to one place; find out which of them owns this"
                  + " lineage before you do anything else.")
          .asException();
    }
  }

  private String standingDigest(WalFileName name, WalObject standing) {
    ObjectKey key = standing.object().key();
    StoredObject known =
        store.head(key).orElseThrow(() -> SourceFailure.vanished(key).asException());
    String digest = known.metadata().get(StoredObject.SHA256);
    if (digest != null) {
      return digest;
    }
    try {
      return Sha256.hex(read(name, standing));
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.VerificationFailed unreadable) {
        throw Problem.refused(
                "cannot compare with what the archive holds: " + unreadable.message(),
                "Look at " + key + "; nothing is archived under that name while it stands.")
            .causedBy(e);
      }
      throw e;
    }
  }

  private byte[] read(WalFileName name, WalObject object) {
    ObjectKey key = object.object().key();
    Codec known =
        object
            .codec()
            .orElseThrow(
                () ->
                    Problem.verificationFailed(
                            key + " is compressed in a way that this version cannot read",
                            "Fetch it with the tool that wrote it.")
                        .asException());
    byte[] content;
    try (InputStream stored = store.open(key)) {
      content = known.decompress(stored, key.value(), limit(name));
    } catch (PgBackupException e) {
      throw e.problem() instanceof Problem.NotFound ? SourceFailure.vanished(key).causedBy(e) : e;
    } catch (IOException e) {
      throw SourceFailure.of(key, e);
    }
    if (name instanceof WalFileName.Segment) {
      requireWholeSegment(key, content.length);
    }
    return content;
  }

  private int limit(WalFileName name) {
    return switch (name) {
      case WalFileName.Segment _, WalFileName.Partial _ ->
          segmentSize.map(WalSegmentSize::bytes).orElse(GREATEST_SEGMENT);
      case WalFileName.History _, WalFileName.BackupHistory _ -> GREATEST_SMALL_FILE;
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
