package io.pgbackup.engine;

import io.pgbackup.engine.tail.Tail;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import java.util.Optional;
import java.util.function.IntFunction;

/// Carries single WAL files to the archive of one lineage and back. Thread-safe.
public interface WalEngine {
  enum Pushed {
    STORED,
    /// The archive held the same plaintext already.
    ALREADY_STORED
  }

  /// Returns only after the store confirmed the object. Create-only.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if other content stands there, or if
  ///   it cannot be compared; `StorageFailed` if the store did not answer
  Pushed push(WalFileName name, byte[] content);

  /// @return the file's plaintext, or nothing only where a listing proved that the archive has no
  ///   such file
  /// @throws io.pgbackup.problem.PgBackupException for everything else; a failure is never absence
  Optional<byte[]> fetch(WalFileName name);

  /// As [#fetch(WalFileName)].
  ///
  /// @param memory gives an array of the size that it is asked for, which is filled where the
  ///   engine can; the content need not stand in it
  default Optional<byte[]> fetch(WalFileName name, IntFunction<byte[]> memory) {
    return fetch(name);
  }

  /// What was streamed of a segment that is not there as a whole: a way in for recovery alone,
  /// since nothing tells it from a segment that ends early.
  ///
  /// @return nothing where nothing was streamed of it, or this engine keeps no such thing
  /// @throws io.pgbackup.problem.PgBackupException as [#fetch]
  default Optional<Tail> unfinished(WalSegment segment) {
    return Optional.empty();
  }
}
