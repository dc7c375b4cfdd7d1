package io.pgbackup.stream;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.Problem;

/// Told what a stream does. Thread-safe; returns at once.
public interface StreamListener {
  /// The server streams.
  void begun(String slot, Lsn start);

  /// WAL is missing for good.
  ///
  /// @param first,last both inclusive
  void gap(WalSegment first, WalSegment last);

  /// Everything before this position is in the store.
  ///
  /// @param pieceBytes of what was stored as a piece; 0 for a whole segment
  void stored(Lsn end, int pieceBytes);

  /// What was received could not be stored; it is tried again.
  void storing(Problem problem);

  /// It streams no more.
  void ended();
}
