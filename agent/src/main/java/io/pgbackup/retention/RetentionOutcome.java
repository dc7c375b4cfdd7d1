package io.pgbackup.retention;

import io.pgbackup.store.ObjectKey;
import java.util.Map;
import java.util.Optional;

/// What became of a plan. Immutable.
///
/// @param plan as it was carried out; what the store refused to give up is kept in it
/// @param deletedObjects that are gone by a listing afterwards
/// @param deletedBytes of those
/// @param refused objects that the store did not delete, and what it said
/// @param stopped why not all was done, or nothing; empty where it was
public record RetentionOutcome(
    RetentionPlan plan,
    long deletedObjects,
    long deletedBytes,
    Map<ObjectKey, String> refused,
    Optional<String> stopped) {
  public RetentionOutcome {
    refused = Map.copyOf(refused);
  }

  /// Whether all that the plan lets go is gone.
  public boolean complete() {
    return stopped.isEmpty() && refused.isEmpty();
  }
}
