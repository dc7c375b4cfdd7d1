package io.pgbackup.catalog;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
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
    List<StoreFolder> children = known.get(folder);
    if (children == null) {
      children = list(folder);
      known.put(folder, children);
    }
    return children;
  }

  private List<StoreFolder> list(StoreFolder folder) {
    try {
      return store.folders(folder);
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.StorageFailed failed && !failed.transientFault()) {
        forbid(folder, failed);
        return List.of();
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
