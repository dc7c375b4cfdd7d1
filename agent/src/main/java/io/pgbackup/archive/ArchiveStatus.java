package io.pgbackup.archive;

import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.util.Optional;

/// What archiving did since the agent started, at one moment. Immutable.
///
/// @param archived pushes that the store confirmed before they were answered, of files it held
///   already included
/// @param alreadyStored those of them that stood there before with the same content
/// @param bytes uncompressed size of the archived files
/// @param failed pushes that were not stored when they were answered, refusals not counted
/// @param refused pushes refused for safety: other content under that name, another lineage
/// @param underWay pushes that have not ended
/// @param last the file the store confirmed last, whether its push was still waited for or not
/// @param lastFailure the newest push that failed or was refused
public record ArchiveStatus(
    long archived,
    long alreadyStored,
    long bytes,
    long failed,
    long refused,
    int underWay,
    Optional<Archived> last,
    Optional<Failure> lastFailure) {
  static final ArchiveStatus NOTHING_YET =
      new ArchiveStatus(0, 0, 0, 0, 0, 0, Optional.empty(), Optional.empty());

  /// @param at when the store had confirmed it
  public record Archived(WalFileName name, Instant at) {}

  public record Failure(WalFileName name, Instant at, Problem problem) {}

  ArchiveStatus started() {
    return new ArchiveStatus(
        archived, alreadyStored, bytes, failed, refused, underWay + 1, last, lastFailure);
  }

  ArchiveStatus ended() {
    return new ArchiveStatus(
        archived, alreadyStored, bytes, failed, refused, underWay - 1, last, lastFailure);
  }

  ArchiveStatus archived(Archived file, long size, boolean stoodAlready) {
    return new ArchiveStatus(
        archived + 1,
        alreadyStored + (stoodAlready ? 1 : 0),
        bytes + size,
        failed,
        refused,
        underWay,
        Optional.of(file),
        lastFailure);
  }

  /// Its push was answered as failed; the next one for this file counts.
  ArchiveStatus archivedLate(Archived file) {
    return new ArchiveStatus(
        archived, alreadyStored, bytes, failed, refused, underWay, Optional.of(file), lastFailure);
  }

  ArchiveStatus failed(Failure failure) {
    boolean refusal = failure.problem() instanceof Problem.Refused;
    return new ArchiveStatus(
        archived,
        alreadyStored,
        bytes,
        failed + (refusal ? 0 : 1),
        refused + (refusal ? 1 : 0),
        underWay,
        last,
        Optional.of(failure));
  }

  /// Its push was answered, and counted, before the reason was known.
  ArchiveStatus failedLate(Failure failure) {
    return new ArchiveStatus(
        archived, alreadyStored, bytes, failed, refused, underWay, last, Optional.of(failure));
  }
}
