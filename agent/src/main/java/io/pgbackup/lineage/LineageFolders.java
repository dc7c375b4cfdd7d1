package io.pgbackup.lineage;

import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.util.List;

/// Finds the folders of a bucket that a prefix template may have made, level by level, without
/// listing what the lineages hold.
public final class LineageFolders {
  private LineageFolders() {}

  /// Every folder of the template in the bucket, whether a lineage lies in it or not; for a literal
  /// template the folder itself.
  public static List<StoreFolder> find(ObjectStore store, PrefixTemplate template) {
    return walk(store, List.of(StoreFolder.ROOT), template.folders());
  }

  /// Those of one cluster.
  public static List<StoreFolder> find(
      ObjectStore store, PrefixTemplate template, ClusterId cluster) {
    StoreFolder ofCluster = template.clusterFolder(cluster);
    int depth = (int) ofCluster.path().chars().filter(character -> character == '/').count();
    return walk(store, List.of(ofCluster), template.folders().stream().skip(depth).toList());
  }

  private static List<StoreFolder> walk(
      ObjectStore store, List<StoreFolder> from, List<PrefixTemplate.FolderPattern> patterns) {
    List<StoreFolder> found = from;
    for (PrefixTemplate.FolderPattern pattern : patterns) {
      found = found.stream().flatMap(folder -> below(store, folder, pattern).stream()).toList();
    }
    return found;
  }

  private static List<StoreFolder> below(
      ObjectStore store, StoreFolder parent, PrefixTemplate.FolderPattern pattern) {
    return pattern
        .literal()
        .map(name -> List.of(parent.folder(name)))
        .orElseGet(
            () ->
                store.folders(parent).stream()
                    .filter(folder -> pattern.matches(folder.name()))
                    .toList());
  }
}
