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
import java.util.stream.Stream;

/// A base backup that the server has open, under a name that nothing in the archive has.
record OpenBackup(ServerFacts facts, BackupName name, WalSegment firstSegment, BackupStart start) {
  private static final int ATTEMPTS = 5;

  /// Begins a base backup. Every object in a backup's folder is extracted by a restore, so the
  /// folder belongs to one attempt: where something lies in it already, from one that died, the
  /// backup begins again in another segment.
  ///
  /// @param deadline for the server's checkpoint
  static OpenBackup begin(
      PostgresClient client,
      ServerFacts facts,
      ObjectStore store,
      ArchiveLayout layout,
      Duration deadline) {
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      BackupStart start = client.startBackup("pgbackup", deadline);
      WalSegment first = WalSegment.containing(facts.timeline(), start.lsn(), facts.segmentSize());
      BackupName name = BackupName.full(first);
      if (isFree(store, layout, name)) {
        return new OpenBackup(facts, name, first, start);
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

  private static boolean isFree(ObjectStore store, ArchiveLayout layout, BackupName name) {
    String folderAndSentinel = layout.baseBackups().key(name.value()).value();
    try (Stream<StoredObject> standing = store.list(folderAndSentinel)) {
      return standing.findAny().isEmpty() && store.head(layout.manifest(name)).isEmpty();
    }
  }
}
