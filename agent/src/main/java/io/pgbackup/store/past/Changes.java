package io.pgbackup.store.past;

import io.pgbackup.store.ObjectKey;
import java.time.Instant;
import java.util.Optional;

/// What happened to immutable objects that were looked at. Nothing of ours is ever written over, so
/// an overwritten object is the work of somebody else, unless wal-g archives there.
///
/// @param overwritten objects written over since the instant
/// @param deleted objects deleted since the instant, by retention for example
/// @param first the earliest of both
/// @param ambiguous objects that had been written over by the instant already: the newest version
///   was taken
/// @param ambiguousExample one of them
public record Changes(
    int overwritten,
    int deleted,
    Optional<Change> first,
    int ambiguous,
    Optional<ObjectKey> ambiguousExample) {
  public record Change(ObjectKey key, Instant at) {}
}
