package io.pgbackup.lineage;

import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.util.List;
import java.util.function.Function;

/// Finds the folders of a bucket that a prefix template may have made, level by level, without
/// listing what the lineages hold.
public final class LineageFolders {
  private LineageFolders() {}

  /// Every folder of the template in the bucket, whether a lineage lies in it or not; for a literal
  /// template the folder itself.
  public static List<StoreFolder> find(ObjectStore store, PrefixTemplate template) {
    return find(store::folders, template);
  }

  /// The same where something stands between the search and the store.
  ///
  /// @param folders what lies directly in a folder
  public static List<StoreFolder> find(
      Function<StoreFolder, List<StoreFolder>> folders, PrefixTemplate template) {
    return walk(folders, List.of(StoreFolder.ROOT), template.folders());
  }

  /// Those of one cluster.
  public static List<StoreFolder> find(
      ObjectStore store, PrefixTemplate template, ClusterId cluster) {
    return find(store::folders, template, cluster);
  }

  /// Those of one cluster, where something stands between the search and the store.
  public static List<StoreFolder> find(
      Function<StoreFolder, List<StoreFolder>> folders,
      PrefixTemplate template,
      ClusterId cluster) {
    StoreFolder ofCluster = template.clusterFolder(cluster);
    int depth = (int) ofCluster.path().chars().filter(character -> character == '/').count();
    return walk(folders, List.of(ofCluster), template.folders().stream().skip(depth).toList());
  }

  private static List<StoreFolder> walk(
      Function<StoreFolder, List<StoreFolder>> folders,
      List<StoreFolder> from,
      List<PrefixTemplate.FolderPattern> patterns) {
    List<StoreFolder> found = from;
    for (PrefixTemplate.FolderPattern pattern : patterns) {
      found = found.stream().flatMap(folder -> below(folders, folder, pattern).stream()).toList();
    }
    return found;
  }

  private static List<StoreFolder> below(
      Function<StoreFolder, List<StoreFolder>> folders,
      StoreFolder parent,
      PrefixTemplate.FolderPattern pattern) {
    return pattern
        .literal()
        .map(name -> List.of(parent.folder(name)))
        .orElseGet(
            () ->
                folders.apply(parent).stream()
                    .filter(folder -> pattern.matches(folder.name()))
                    .toList());
  }
}
