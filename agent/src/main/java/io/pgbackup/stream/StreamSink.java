package io.pgbackup.stream;

import io.pgbackup.engine.tail.Piece;
import io.pgbackup.postgres.WalSegment;

/// Where streamed WAL goes: into the archive of one lineage. Both return once the store has
/// confirmed it. Thread-safe.
///
/// All failures are [io.pgbackup.problem.PgBackupException].
public interface StreamSink {
  void whole(WalSegment segment, byte[] content);

  void piece(Piece piece, byte[] content);
}
