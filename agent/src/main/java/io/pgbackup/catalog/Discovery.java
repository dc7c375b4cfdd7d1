package io.pgbackup.catalog;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.util.List;

/// What a search through a bucket found. Immutable.
///
/// @param lineages by cluster, UID and folder
/// @param unreadable archives of PostgreSQL that this version does not restore, WAL-E's for
///   instance, or whose claim is damaged
/// @param forbidden folders that may not be listed
/// @param unvisited folders that were not looked into, or not to their end, because the search had
///   gone on for long enough
public record Discovery(
    List<Lineage> lineages, List<Unreadable> unreadable, List<Forbidden> forbidden, int unvisited) {
  /// @param problem what the store said
  public record Forbidden(StoreFolder folder, Problem problem) {}

  public Discovery {
    lineages = List.copyOf(lineages);
    unreadable = List.copyOf(unreadable);
    forbidden = List.copyOf(forbidden);
  }
}
