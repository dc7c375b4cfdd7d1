package io.pgbackup.retention;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.UnfinishedUpload;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Uploads in parts into a lineage's folder that nobody has completed, as far as the store shows
/// them: a killed agent leaves them. Immutable.
///
/// @param hidden why they are not known, where this credential may not list them
public record AbandonedUploads(List<UnfinishedUpload> uploads, Optional<String> hidden) {
  /// Longer than a part of a base backup takes, however it is throttled.
  private static final Duration AGE = Duration.ofDays(1);

  public AbandonedUploads {
    uploads = List.copyOf(uploads);
  }

  /// @param prefix the lineage's folder; nothing outside of it is looked at
  /// @throws PgBackupException if the store does not answer
  public static AbandonedUploads in(ObjectStore store, StoreFolder prefix) {
    if (prefix.path().isEmpty()) {
      return new AbandonedUploads(
          List.of(),
          Optional.of("the archive is the whole bucket, which may hold others' uploads"));
    }
    try {
      return new AbandonedUploads(store.unfinishedUploads(prefix), Optional.empty());
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.StorageFailed failed && !failed.transientFault()) {
        return new AbandonedUploads(List.of(), Optional.of(failed.message()));
      }
      throw e;
    }
  }

  /// Those that nobody can still be writing.
  public Stream<UnfinishedUpload> going(Instant now) {
    return uploads.stream().filter(upload -> goes(upload, now));
  }

  public static boolean goes(UnfinishedUpload upload, Instant now) {
    return upload.begun().plus(AGE).isBefore(now);
  }
}
