package io.pgbackup.agent;

import io.pgbackup.catalog.GapMarks;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.ObjectStore;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Remembers in the archive where WAL was let go on purpose, so that nobody is alarmed by a gap
/// that was wanted.
///
/// A push that is let go does not wait for the store, so marks are written later; one that never
/// was makes its gap look like a loss.
///
/// [#write] belongs to one thread; [#begun] may be called by all.
final class LetGoMarks {
  private record Pending(WalFileName.Segment first, Optional<LineageUid> uid) {}

  private final ObjectStore store;
  private final InstantSource clock;
  private final Queue<Pending> pending = new ConcurrentLinkedQueue<>();

  LetGoMarks(ObjectStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /// From this segment on WAL is let go.
  ///
  /// @param uid of the lineage, where it is known already
  void begun(WalFileName.Segment first, Optional<LineageUid> uid) {
    pending.add(new Pending(first, uid));
  }

  /// Writes what is not written yet.
  void write(ArchiveLayout layout, LineageUid uid) {
    for (Pending next = pending.peek(); next != null; next = pending.peek()) {
      if (next.uid().map(uid::equals).orElse(true)) {
        GapMarks.letGo(store, layout, next.first(), clock.instant());
      }
      pending.remove();
    }
  }
}
