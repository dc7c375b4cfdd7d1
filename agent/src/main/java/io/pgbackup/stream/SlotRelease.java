package io.pgbackup.stream;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ReplicationClient;
import io.pgbackup.postgres.jdbc.SlotState;
import java.util.Optional;
import java.util.Set;

/// Removes the slot of a lineage whose WAL is not streamed any more, since one that nobody reads
/// fills the server's disk. But the server may keep WAL for this slot alone, and what was streamed
/// of the last segment is no whole one: the slot stays until every finished segment from its
/// position on is stored, and the one in the middle of which the stream ended came another way.
///
/// Not thread-safe.
public final class SlotRelease {
  private final PostgresConfig postgres;
  private final WalSegmentSize size;
  private final String slot;
  private final StreamArchive archive;

  public SlotRelease(
      PostgresConfig postgres, WalSegmentSize size, String slot, StreamArchive archive) {
    this.postgres = postgres;
    this.size = size;
    this.slot = slot;
    this.archive = archive;
  }

  public sealed interface Outcome {
    /// The server keeps no WAL for us.
    ///
    /// @param removed whether it did until now
    record Gone(String slot, boolean removed) implements Outcome {}

    /// Somebody still streams from it, or the server has not noticed yet that nobody does.
    record InUse(String slot) implements Outcome {}

    /// The archive lacks a segment.
    ///
    /// @param missing the first one of those that the slot keeps
    record Kept(String slot, WalSegment missing) implements Outcome {}
  }

  /// Removes the slot if that costs nothing.
  ///
  /// @param awaited whether WAL is to reach the archive another way; otherwise none is stored, and
  ///   there is nothing to keep it for
  /// @throws io.pgbackup.problem.PgBackupException `PostgresFailed` or `StorageFailed`: it is not
  ///   known then
  public Outcome attempt(boolean awaited) {
    try (PostgresClient client = PostgresClient.connect(postgres)) {
      Optional<SlotState.Slot> standing = client.slot(slot).slot();
      if (standing.isEmpty()) {
        return new Outcome.Gone(slot, false);
      }
      if (standing.get().active()) {
        return new Outcome.InUse(slot);
      }
      if (awaited && !standing.get().lost()) {
        Optional<WalSegment> missing = standing.get().restart().flatMap(this::missing);
        if (missing.isPresent()) {
          return new Outcome.Kept(slot, missing.get());
        }
      }
      return client.dropIdleSlot(slot) ? new Outcome.Gone(slot, true) : new Outcome.InUse(slot);
    }
  }

  private Optional<WalSegment> missing(Lsn kept) {
    try (ReplicationClient client = ReplicationClient.connect(postgres)) {
      ReplicationClient.Identity server = client.identify();
      TimelineHistory path = StreamSession.history(client, server.timeline());
      WalSegment oldest = SlotNeed.oldest(path, kept, size);
      // asked after the server, so that what it had finished had time to come
      Set<WalSegment> held = archive.heldFrom(oldest, path);
      return SlotNeed.of(oldest, path, server.flushed(), held::contains, archive::inPieces);
    }
  }
}
