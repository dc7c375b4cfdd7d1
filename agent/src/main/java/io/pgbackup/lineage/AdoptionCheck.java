package io.pgbackup.lineage;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.wal.SegmentHeader;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Whether an archive that stands can be the past of a server: its head must lie on the server's
/// own way.
final class AdoptionCheck {
  private static final int SEGMENT_NAME = 24;

  private final ObjectStore store;

  AdoptionCheck(ObjectStore store) {
    this.store = store;
  }

  boolean fits(Claim claim, ArchiveLayout layout, ServerState server) {
    boolean descends =
        claim
            .parent()
            .map(
                parent ->
                    server
                        .history()
                        .endOf(parent.timeline())
                        .equals(Optional.of(parent.branchPoint())))
            .orElse(true);
    return descends
        && head(layout, server).map(head -> isOnWay(head, server.history())).orElse(true);
  }

  private Optional<WalSegment> head(ArchiveLayout layout, ServerState server) {
    return ArchiveHeads.list(store, layout, server.segmentSize()).newest();
  }

  /// All of the head, to its last byte: what lies behind a branch point is another history.
  private static boolean isOnWay(WalSegment head, TimelineHistory history) {
    return history.contains(head.timeline(), head.end());
  }

  /// Whether base backups or WAL lie there.
  boolean holdsAnything(ArchiveLayout layout) {
    List<StoreFolder> inside = store.folders(layout.prefix());
    return inside.contains(layout.baseBackups()) || inside.contains(layout.wal());
  }

  /// An archive that another tool wrote is claimed only if it is of this server.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if it is another's
  void checkUnclaimed(ArchiveLayout layout, ServerState server) {
    systemIdentifier(layout)
        .or(() -> ofWal(layout))
        .filter(found -> !found.equals(server.systemIdentifier()))
        .ifPresent(
            found -> {
              throw Problem.refused(
                      "%s holds the archive of system identifier %s, and the server is of %s"
                          .formatted(layout.prefix(), found, server.systemIdentifier()),
                      "Choose another storage.prefix; that archive is another cluster's.")
                  .asException();
            });
    head(layout, server)
        .filter(head -> !isOnWay(head, server.history()))
        .ifPresent(
            head -> {
              throw Problem.refused(
                      "%s goes on to %s, which is not on this server's history (timeline %s)"
                          .formatted(layout.wal(), head, server.history().timeline()),
                      "Choose another storage.prefix; that archive belongs to another history.")
                  .asException();
            });
  }

  /// As the newest sentinel by name says, where one stands that says it.
  private Optional<SystemIdentifier> systemIdentifier(ArchiveLayout layout) {
    try (Stream<StoredObject> listing = store.objects(layout.baseBackups(), "base_")) {
      return listing
          .map(StoredObject::key)
          .filter(key -> key.value().endsWith(ArchiveLayout.SENTINEL_SUFFIX))
          .reduce((_, later) -> later)
          .flatMap(key -> read(key).systemIdentifier());
    }
  }

  /// As the newest segment says where no backup stands; not where it is encrypted.
  private Optional<SystemIdentifier> ofWal(ArchiveLayout layout) {
    try (Stream<StoredObject> listing = store.list(layout.wal().path())) {
      return listing
          .map(StoredObject::key)
          .filter(key -> codecOfSegment(key).isPresent())
          .reduce((_, later) -> later)
          .flatMap(this::header)
          .map(SegmentHeader::systemIdentifier);
    }
  }

  private static Optional<Codec> codecOfSegment(ObjectKey key) {
    String name = key.name();
    int length = Math.min(SEGMENT_NAME, name.length());
    return WalSegment.isSegmentName(name.substring(0, length))
        ? Codec.byExtension(name.substring(length))
        : Optional.empty();
  }

  private Optional<SegmentHeader> header(ObjectKey key) {
    Codec codec = codecOfSegment(key).orElseThrow();
    try (InputStream content = codec.decompressing(store.open(key), key.value())) {
      return SegmentHeader.parse(content.readNBytes(SegmentHeader.LENGTH));
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.VerificationFailed) {
        return Optional.empty();
      }
      throw e;
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }

  private Sentinel read(ObjectKey key) {
    try (InputStream in = store.open(key)) {
      return Sentinel.read(in.readAllBytes(), key.value());
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }
}
