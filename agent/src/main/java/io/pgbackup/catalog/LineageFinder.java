package io.pgbackup.catalog;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageFolders;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Finds the lineages of a bucket by their claims, and unclaimed archives by what lies in them.
/// Writes nothing.
final class LineageFinder {
  /// An archive's path has at most so many segments; the layouts that we know have five.
  static final int DEEPEST = 7;

  /// LISTs that are spent on folders outside of the layouts that we know.
  static final int MOST = 1000;

  private static final StoreFolder SPILO = StoreFolder.of("spilo");
  private static final int SPILO_DEEPEST = 5;
  private static final StoreFolder BACKUPS = StoreFolder.of("backups");
  private static final int BACKUPS_DEEPEST = 3;

  private final ObjectStore store;
  private final Claims claims;

  LineageFinder(ObjectStore store) {
    this.store = store;
    this.claims = new Claims(store);
  }

  /// Those of the template, and every other archive in the bucket; for a literal template the one
  /// in that folder, and what a restore of it began under the default one.
  ///
  /// @param cluster whose folder of the template suffices; where it lies in one of the layouts that
  ///   we know, the rest of the bucket is not looked through
  Discovery find(PrefixTemplate template, Optional<ClusterId> cluster) {
    Search search = new Search(template);
    if (template.isLiteral()) {
      search.visit(StoreFolder.of(template.text()));
      search.successors(cluster);
    } else {
      search.template(template, cluster);
      search.template(PrefixTemplate.DEFAULT, cluster);
      search.walk(SPILO, SPILO_DEEPEST, Integer.MAX_VALUE);
      search.walk(BACKUPS, BACKUPS_DEEPEST, MOST);
      if (!search.hasFound(cluster)) {
        search.walk(StoreFolder.ROOT, DEEPEST, MOST);
      }
    }
    return search.result();
  }

  /// The archive in one folder, whatever else lies in the bucket.
  Discovery in(StoreFolder folder) {
    Search search = new Search(PrefixTemplate.DEFAULT);
    search.visit(folder);
    return search.result();
  }

  /// Every archive in and below a folder.
  Discovery below(StoreFolder folder) {
    Search search = new Search(PrefixTemplate.DEFAULT);
    search.walk(folder, DEEPEST, MOST);
    return search.result();
  }

  private StoreFolder root() {
    String path = store.url().replaceAll("^[a-z0-9]+:/*|/+$", "").replaceAll("/+", "/");
    return ObjectKey.isKey(path) ? StoreFolder.of(path) : StoreFolder.ROOT;
  }

  /// One search; what was seen once is not asked for again.
  private final class Search {
    private final ArchiveNames names;
    private final FolderTree tree = new FolderTree(store);
    private final TreeMap<String, Lineage> lineages = new TreeMap<>();
    private final TreeMap<String, Unreadable> unreadable = new TreeMap<>();
    private int unvisited;

    Search(PrefixTemplate template) {
      this.names = new ArchiveNames(template, root());
    }

    void template(PrefixTemplate layout, Optional<ClusterId> cluster) {
      cluster
          .map(known -> LineageFolders.find(tree::inside, layout, known))
          .orElseGet(() -> LineageFolders.find(tree::inside, layout))
          .forEach(this::visit);
    }

    void walk(StoreFolder from, int deepest, int most) {
      unvisited = new FolderWalk(tree, deepest, most).from(from, this::visit);
    }

    boolean hasFound(Optional<ClusterId> cluster) {
      return cluster.isPresent()
          && lineages.values().stream()
              .anyMatch(lineage -> lineage.cluster().equals(cluster.get()));
    }

    /// @return whether an archive lies there
    boolean visit(StoreFolder folder) {
      if (lineages.containsKey(folder.path()) || unreadable.containsKey(folder.path())) {
        return true;
      }
      if (tree.inside(folder).isEmpty()) {
        return false;
      }
      try {
        return look(folder);
      } catch (PgBackupException e) {
        switch (e.problem()) {
          case Problem.VerificationFailed damaged -> addUnreadable(folder, damaged);
          case Problem.StorageFailed failed when !failed.transientFault() ->
              tree.forbid(folder, failed);
          case Problem _ -> throw e;
        }
        return true;
      }
    }

    private boolean look(StoreFolder folder) {
      if (tree.inside(folder).contains(new ArchiveLayout(folder).own())) {
        Optional<Claim> claim = claims.read(folder);
        if (claim.isPresent()) {
          add(new Lineage(claim.get().cluster(), claim.get().uid(), folder, claim));
          return true;
        }
      }
      return switch (ArchiveKind.of(store, folder, tree.inside(folder))) {
        case WAL_G -> {
          ArchiveNames.Names called = names.of(folder);
          add(new Lineage(called.cluster(), called.uid(), folder, Optional.empty()));
          yield true;
        }
        case WAL_E -> {
          addUnreadable(folder, ofWalE(folder));
          yield true;
        }
        case NONE -> false;
      };
    }

    private void add(Lineage lineage) {
      lineages.put(lineage.prefix().path(), lineage);
    }

    private void addUnreadable(StoreFolder folder, Problem problem) {
      ArchiveNames.Names called = names.of(folder);
      unreadable.put(
          folder.path(), new Unreadable(folder, called.cluster(), called.uid(), problem));
    }

    /// A literal folder holds one lineage; a restore of it that is protected begins the next one
    /// under the default template.
    void successors(Optional<ClusterId> called) {
      Set<ClusterId> clusters = new TreeSet<>(called.stream().toList());
      lineages.values().forEach(lineage -> clusters.add(lineage.cluster()));
      for (ClusterId cluster : clusters) {
        template(PrefixTemplate.DEFAULT, Optional.of(cluster));
      }
    }

    Discovery result() {
      List<Lineage> found = new ArrayList<>(lineages.values());
      found.sort(
          Comparator.comparing(Lineage::cluster)
              .thenComparing(Lineage::uid)
              .thenComparing(lineage -> lineage.prefix().path()));
      return new Discovery(found, List.copyOf(unreadable.values()), tree.forbidden(), unvisited);
    }
  }

  private Problem ofWalE(StoreFolder folder) {
    return Problem.refused(
        "%s was written by WAL-E, which pgbackup does not read".formatted(place(folder)),
        "Restore it with WAL-E, or with a WAL-G that reads LZO, and protect the restored server: its"
            + " first base backup begins a new lineage.");
  }

  private String place(StoreFolder folder) {
    return folder.equals(StoreFolder.ROOT) ? store.url() : folder.path();
  }
}
