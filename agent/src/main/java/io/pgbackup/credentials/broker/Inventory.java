package io.pgbackup.credentials.broker;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Discovery;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.Unreadable;
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
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

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
  /// @param own whether new lineages of the cluster lie there, by `storage.prefix`
  public record Entry(
      ClusterId cluster,
      ClusterScope scope,
      List<LineageUid> uids,
      boolean registered,
      boolean own) {
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

  /// The folders of the archives that lie in a cluster's folder now, those that cannot be read
  /// among them; costs a search of the bucket.
  public List<StoreFolder> archives(Holder holder) {
    Discovery found = new Catalog(store).discover(template, Optional.of(holder.cluster()));
    return Stream.concat(
            found.lineages().stream().map(Lineage::prefix),
            found.unreadable().stream().map(Unreadable::folder))
        .filter(folder -> folder.path().startsWith(holder.scope().folder().path()))
        .distinct()
        .sorted(Comparator.comparing(StoreFolder::path))
        .toList();
  }

  /// Names a cluster and notes its folder. One that has backups stays where they are, and from then
  /// on no claim elsewhere puts that in doubt. Safe to repeat.
  ///
  /// @param uid of a lineage in the folder that is meant, where the cluster has two
  /// @throws PgBackupException `Refused` if its folder would lie in another cluster's, or the other
  ///   way round
  public Holder register(ClusterId cluster, Optional<LineageUid> uid) {
    ClusterList known = read();
    Holder holder =
        uid.isPresent() || known.knows(cluster) ? known.find(cluster, uid) : ofNew(cluster, known);
    if (!known.isRegistered(cluster)) {
      registry.add(cluster, holder.scope().folder());
    }
    return holder;
  }

  private Holder ofNew(ClusterId cluster, ClusterList known) {
    ClusterScope scope = scope(new ClusterFolders(template).ofNew(cluster));
    Entry entry = new Entry(cluster, scope, List.of(), /* registered= */ true, /* own= */ true);
    known.refuseOverlap(entry);
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

  /// Gathers archives into clusters. Whose folder an archive lies in counts for more than what its
  /// claim says, which whoever may write there may have written.
  private static final class ClusterListBuilder {
    private final String bucket;
    private final ClusterFolders folders;
    private final Map<StoreFolder, ClusterId> owners = new LinkedHashMap<>();
    private final List<Archive> archives = new ArrayList<>();
    private final List<Entry> entries = new ArrayList<>();
    private final List<ClusterList.Unusable> unusable = new ArrayList<>();

    /// @param cluster as the claim or the folder's name says
    private record Archive(
        StoreFolder folder, ClusterId cluster, LineageUid uid, ClusterFolders.Place place) {}

    ClusterListBuilder(String bucket, ClusterFolders folders) {
      this.bucket = bucket;
      this.folders = folders;
    }

    void addRegistered(ClusterId cluster, StoreFolder folder) {
      owners.put(folder, cluster);
      put(cluster, folder, Optional.empty());
    }

    void add(StoreFolder folder, ClusterId cluster, LineageUid uid) {
      ClusterFolders.Place place = folders.of(folder);
      place.owner().ifPresent(owner -> owners.putIfAbsent(place.folder(), owner));
      archives.add(new Archive(folder, cluster, uid, place));
    }

    private void place(Archive archive) {
      ClusterFolders.Place place =
          archive.place().owner().isPresent()
              ? archive.place()
              : ownedAround(archive.place().folder()).orElse(archive.place());
      if (place.owner().isPresent() && !place.owner().get().equals(archive.cluster())) {
        unusable.add(
            new ClusterList.Unusable(
                archive.cluster(),
                "the claim in %s says so, but the folder is %s's"
                    .formatted(archive.folder(), place.owner().get())));
        return;
      }
      put(archive.cluster(), place.folder(), Optional.of(archive.uid()));
    }

    private Optional<ClusterFolders.Place> ownedAround(StoreFolder folder) {
      return owners.entrySet().stream()
          .filter(owned -> folder.path().startsWith(owned.getKey().path()))
          .min(Comparator.comparing(owned -> owned.getKey().path().length()))
          .map(owned -> new ClusterFolders.Place(owned.getKey(), Optional.of(owned.getValue())));
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
              uid.isEmpty() || known.map(Entry::registered).orElse(false),
              folder.equals(folders.ofNext(cluster))));
    }

    ClusterList build() {
      archives.forEach(this::place);
      return new ClusterList(entries, unusable);
    }
  }
}
