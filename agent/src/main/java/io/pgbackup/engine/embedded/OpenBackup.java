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
import java.time.Instant;
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
  private static final Duration STANDBY_PAUSE = Duration.ofSeconds(2);

  /// Begins a base backup. Every object in a backup's folder is extracted by a restore, so the
  /// folder belongs to one attempt: where something lies in it already, from one that died, the
  /// backup begins again in another segment. A standby begins where its last restartpoint lies, so
  /// it waits for one in another segment, which its primary's checkpoints allow.
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
    Instant began = Instant.now();
    for (int attempt = 1; facts.inRecovery() || attempt <= ATTEMPTS; attempt++) {
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
      if (facts.inRecovery()) {
        awaitRestartpoint(first, Duration.between(began, Instant.now()), deadline);
      }
    }
    throw Problem.refused(
            "the archive holds leftovers under every name that a base backup could have",
            "Look at "
                + layout.baseBackups()
                + " for folders without a sentinel; is this the right lineage?")
        .asException();
  }

  private static void awaitRestartpoint(WalSegment first, Duration waited, Duration deadline) {
    if (waited.compareTo(deadline) >= 0) {
      throw Problem.timedOut(
              "the archive holds a base backup, or what is left of one, that begins in %s, and the standby came to no restartpoint in another segment within %d min"
                  .formatted(first, deadline.toMinutes()),
              "Run SELECT pg_switch_wal() and CHECKPOINT on the primary, then start it again.")
          .asException();
    }
    try {
      Thread.sleep(STANDBY_PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("the base backup was interrupted", "Start it again.").causedBy(e);
    }
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
