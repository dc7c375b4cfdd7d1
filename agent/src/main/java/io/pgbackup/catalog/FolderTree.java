package io.pgbackup.catalog;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.FolderListing;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The folders of a bucket, each asked for once. What may not be listed counts as empty and is
/// remembered. Not thread-safe: one belongs to one search.
final class FolderTree {
  private final ObjectStore store;
  private final Map<StoreFolder, List<StoreFolder>> known = new HashMap<>();
  private final List<Discovery.Forbidden> forbidden = new ArrayList<>();

  FolderTree(ObjectStore store) {
    this.store = store;
  }

  List<StoreFolder> inside(StoreFolder folder) {
    if (!known.containsKey(folder)) {
      look(folder, Integer.MAX_VALUE);
    }
    return known.getOrDefault(folder, List.of());
  }

  /// Asks for what lies in a folder; what so many pages do not show counts as absent from then on.
  FolderListing look(StoreFolder folder, int most) {
    FolderListing listing = list(folder, most);
    known.put(folder, listing.folders());
    return listing;
  }

  private FolderListing list(StoreFolder folder, int most) {
    try {
      return store.folders(folder, most);
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.StorageFailed failed && !failed.transientFault()) {
        forbid(folder, failed);
        return new FolderListing(List.of(), 1, /* complete= */ true);
      }
      throw e;
    }
  }

  void forbid(StoreFolder folder, Problem problem) {
    forbidden.add(new Discovery.Forbidden(folder, problem));
  }

  boolean knows(StoreFolder folder) {
    return known.containsKey(folder);
  }

  List<Discovery.Forbidden> forbidden() {
    return forbidden;
  }
}
