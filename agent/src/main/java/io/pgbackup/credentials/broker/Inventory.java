package io.pgbackup.credentials.broker;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Discovery;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/// Which clusters there are, and which folder is whose: what lies in the bucket says it, and what
/// was registered before anything lay there. So nobody who asks for a credential can name a folder.
///
/// Reads with rights of its own over the whole bucket. All failures are [PgBackupException].
/// Thread-safe.
public final class Inventory implements AutoCloseable {
  private final ObjectStore store;
  private final String bucket;
  private final PrefixTemplate template;
  private final Registry registry;

  /// @param store closed with the inventory
  /// @param bucket the store's
  /// @param template where lineages lie, and new ones will
  public Inventory(ObjectStore store, String bucket, PrefixTemplate template, Clock clock) {
    this.store = store;
    this.bucket = bucket;
    this.template = template;
    this.registry = new Registry(store, clock);
  }

  /// One cluster in one folder. A cluster whose archive was adopted and which then began a lineage
  /// of ours is there twice.
  ///
  /// @param uids of the lineages in the folder; empty before the first one
  /// @param registered whether `bootstrap` named it
  public record Entry(
      ClusterId cluster, ClusterScope scope, List<LineageUid> uids, boolean registered) {
    public Entry {
      uids = List.copyOf(uids);
    }

    Holder holder() {
      return new Holder(cluster, scope);
    }
  }

  /// What there is now, in order; costs one LIST for each folder of the bucket.
  public ClusterList read() {
    var list = new ClusterListBuilder(bucket, new ClusterFolders(template));
    registry.read().forEach(list::addRegistered);
    Discovery found = new Catalog(store).discover(template, Optional.empty());
    found.lineages().forEach(it -> list.add(it.prefix(), it.cluster(), it.uid()));
    found.unreadable().forEach(it -> list.add(it.folder(), it.cluster(), it.uid()));
    return list.build();
  }

  /// Names a cluster that has nothing in the bucket yet. Safe to repeat; one that is there already
  /// stays where it is.
  ///
  /// @throws PgBackupException `Refused` if its folder would lie in another cluster's, or the other
  ///   way round
  public Holder register(ClusterId cluster) {
    ClusterList known = read();
    if (known.entries().stream().anyMatch(entry -> entry.cluster().equals(cluster))) {
      return known.find(cluster, Optional.empty());
    }
    StoreFolder folder = new ClusterFolders(template).ofNew(cluster);
    Entry entry = new Entry(cluster, scope(folder), List.of(), true);
    known.refuseOverlap(entry);
    registry.add(cluster, folder);
    return entry.holder();
  }

  private ClusterScope scope(StoreFolder folder) {
    try {
      return new ClusterScope(bucket, folder);
    } catch (IllegalArgumentException e) {
      throw Problem.refused(
              String.valueOf(e.getMessage()), "Give the cluster another name or storage.prefix.")
          .causedBy(e);
    }
  }

  @Override
  public void close() {
    store.close();
  }

  /// Gathers archives into clusters.
  private static final class ClusterListBuilder {
    private final String bucket;
    private final ClusterFolders folders;
    private final List<Entry> entries = new ArrayList<>();
    private final List<ClusterList.Unusable> unusable = new ArrayList<>();

    ClusterListBuilder(String bucket, ClusterFolders folders) {
      this.bucket = bucket;
      this.folders = folders;
    }

    void addRegistered(ClusterId cluster, StoreFolder folder) {
      put(cluster, folder, Optional.empty());
    }

    /// @param cluster as the claim says, which whoever may write there may have written
    void add(StoreFolder archive, ClusterId cluster, LineageUid uid) {
      ClusterFolders.Place place = folders.of(archive);
      if (place.owner().isPresent() && !place.owner().get().equals(cluster)) {
        unusable.add(
            new ClusterList.Unusable(
                cluster,
                "the claim in %s says so, but the folder is %s's"
                    .formatted(archive, place.owner().get())));
        return;
      }
      put(cluster, place.folder(), Optional.of(uid));
    }

    private void put(ClusterId cluster, StoreFolder folder, Optional<LineageUid> uid) {
      ClusterScope scope;
      try {
        scope = new ClusterScope(bucket, folder);
      } catch (IllegalArgumentException e) {
        unusable.add(new ClusterList.Unusable(cluster, String.valueOf(e.getMessage())));
        return;
      }
      Optional<Entry> known =
          entries.stream()
              .filter(entry -> entry.cluster().equals(cluster) && entry.scope().equals(scope))
              .findFirst();
      var uids = new TreeSet<LineageUid>(known.map(Entry::uids).orElse(List.of()));
      uid.ifPresent(uids::add);
      known.ifPresent(entries::remove);
      entries.add(
          new Entry(
              cluster,
              scope,
              List.copyOf(uids),
              uid.isEmpty() || known.map(Entry::registered).orElse(false)));
    }

    ClusterList build() {
      return new ClusterList(entries, unusable);
    }
  }
}
