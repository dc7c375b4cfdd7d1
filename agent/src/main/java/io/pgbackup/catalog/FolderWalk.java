package io.pgbackup.catalog;

import io.pgbackup.store.FolderListing;
import io.pgbackup.store.StoreFolder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.function.Predicate;

/// Goes through the folders of a bucket, level by level, and not for ever: a bucket may hold
/// millions that have nothing to do with backups.
///
/// @param deepest an archive's path has at most so many segments
/// @param most LISTs that are spent, a hundredth of them in one folder; folders that the tree knows
///   already cost nothing
record FolderWalk(FolderTree tree, int deepest, int most) {
  /// WAL-G's own folders, which hold no archives.
  private static final Set<String> INSIDE = Set.of("basebackups_005", "wal_005", "catchup_005");

  private static final int SHARE = 100;

  /// @param isArchive told each folder
  /// @return folders that were not looked into, or not to their end
  int from(StoreFolder root, Predicate<StoreFolder> isArchive) {
    Deque<StoreFolder> waiting = new ArrayDeque<>();
    waiting.add(root);
    long asked = 0;
    int unvisited = 0;
    while (!waiting.isEmpty()) {
      StoreFolder folder = waiting.removeFirst();
      if (!tree.knows(folder)) {
        if (asked == most) {
          unvisited++;
          continue;
        }
        FolderListing listing = tree.look(folder, Math.clamp(most - asked, 1, most / SHARE));
        asked += listing.pages();
        if (!listing.complete()) {
          unvisited++;
        }
      }
      boolean archive = isArchive.test(folder);
      if (depth(folder) < deepest) {
        tree.inside(folder).stream()
            .filter(child -> !INSIDE.contains(child.name()))
            .filter(child -> !archive || !isOwn(folder, child))
            .forEach(waiting::add);
      }
    }
    return unvisited;
  }

  /// An archive's own `pgbackup/`; the root's is that of all other lineages too.
  private static boolean isOwn(StoreFolder archive, StoreFolder child) {
    return !archive.equals(StoreFolder.ROOT) && child.name().equals("pgbackup");
  }

  private static int depth(StoreFolder folder) {
    return (int) folder.path().chars().filter(character -> character == '/').count();
  }
}
