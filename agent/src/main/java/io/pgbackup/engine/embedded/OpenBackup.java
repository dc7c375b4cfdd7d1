package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.jdbc.BackupStart;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;

/// A base backup that the server has open, under a name that nothing in the archive has.
///
/// @param base what it stands on, for a delta
record OpenBackup(
    ServerFacts facts,
    BackupName name,
    WalSegment firstSegment,
    BackupStart start,
    Optional<DeltaBase> base) {
  private static final int ATTEMPTS = 5;

  /// Begins a base backup. Every object in a backup's folder is extracted by a restore, so the
  /// folder belongs to one attempt: where something lies in it already, from one that died, the
  /// backup begins again in another segment.
  ///
  /// @param base what a delta is to stand on
  /// @param deadline for the server's checkpoint
  static OpenBackup begin(
      PostgresClient client,
      ServerFacts facts,
      ObjectStore store,
      ArchiveLayout layout,
      Optional<DeltaBase> base,
      Duration deadline) {
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      BackupStart start = client.startBackup("pgbackup", deadline);
      WalSegment first = WalSegment.containing(facts.timeline(), start.lsn(), facts.segmentSize());
      base.ifPresent(parent -> requireBehind(parent, start));
      BackupName name =
          base.map(parent -> BackupName.delta(first, parent.origin().parent()))
              .orElseGet(() -> BackupName.full(first));
      if (isFree(store, layout, first)) {
        return new OpenBackup(facts, name, first, start, base);
      }
      // a primary switches to another segment when a backup ends
      client.stopBackup(deadline);
    }
    throw Problem.refused(
            "the archive holds leftovers under every name that a base backup could have",
            "Look at "
                + layout.baseBackups()
                + " for folders without a sentinel; is this the right lineage?")
        .asException();
  }

  /// As WAL-G requires as well; no full backup is the answer, because data that went back in time
  /// have no place in this lineage at all.
  private static void requireBehind(DeltaBase base, BackupStart start) {
    if (start.lsn().isBefore(base.finishLsn())) {
      throw Problem.refused(
              "the server is at %s, and %s, which the delta is to stand on, ended at %s"
                  .formatted(start.lsn(), base.origin().parent(), base.finishLsn()),
              "Its data went back in time: protect it as a lineage of its own.")
          .asException();
    }
  }

  /// Of two names in one segment, full and delta, only one may be taken: WAL-G tells them apart by
  /// the segment.
  private static boolean isFree(ObjectStore store, ArchiveLayout layout, WalSegment first) {
    BackupName name = BackupName.full(first);
    String folderAndSentinel = layout.baseBackups().key(name.value()).value();
    String manifest = layout.manifests().key(name.value()).value();
    try (Stream<StoredObject> standing = store.list(folderAndSentinel);
        Stream<StoredObject> manifests = store.list(manifest)) {
      return standing.findAny().isEmpty() && manifests.findAny().isEmpty();
    }
  }
}
