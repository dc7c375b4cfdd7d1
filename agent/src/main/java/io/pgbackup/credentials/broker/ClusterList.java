package io.pgbackup.credentials.broker;

import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.broker.Inventory.Entry;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The clusters of a bucket at one moment. Immutable.
///
/// @param entries by cluster, then folder
/// @param unusable archives for whose cluster no credential can be limited
public record ClusterList(List<Entry> entries, List<Unusable> unusable) {
  /// @param reason why not
  public record Unusable(ClusterId cluster, String reason) {}

  public ClusterList {
    entries =
        entries.stream()
            .sorted(
                Comparator.comparing(Entry::cluster)
                    .thenComparing(entry -> entry.scope().folder().path()))
            .toList();
    unusable = List.copyOf(unusable);
  }

  /// Whose credentials may be issued.
  ///
  /// @param uid a lineage that must lie in the folder; where a cluster has two folders and none is
  ///   named, the one where new lineages lie is meant
  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is no such cluster or
  ///   lineage; `Refused` if a credential for it would reach another cluster
  public Holder find(ClusterId cluster, Optional<LineageUid> uid) {
    List<Entry> folders = foldersOf(cluster);
    Entry entry = uid.map(it -> holding(folders, it)).orElseGet(() -> only(folders));
    refuseOverlap(entry);
    return entry.holder();
  }

  /// Every folder of a cluster, for whoever ends its credentials.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is no such cluster
  public List<Holder> all(ClusterId cluster) {
    return foldersOf(cluster).stream().map(Entry::holder).toList();
  }

  /// Whether it has a folder that lies in no other cluster's.
  boolean knows(ClusterId cluster) {
    return of(cluster).anyMatch(entry -> !liesInAnothers(entry));
  }

  boolean isRegistered(ClusterId cluster) {
    return of(cluster).anyMatch(Entry::registered);
  }

  /// Without those that lie in another cluster's folder, unless there are no others: whoever may
  /// write there can put a claim there that names any cluster.
  private List<Entry> foldersOf(ClusterId cluster) {
    List<Entry> ofCluster = of(cluster).toList();
    if (ofCluster.isEmpty()) {
      throw unknown(cluster).asException();
    }
    List<Entry> undisputed = ofCluster.stream().filter(entry -> !liesInAnothers(entry)).toList();
    return undisputed.isEmpty() ? ofCluster : undisputed;
  }

  private Stream<Entry> of(ClusterId cluster) {
    return entries.stream().filter(entry -> entry.cluster().equals(cluster));
  }

  private boolean liesInAnothers(Entry entry) {
    return entries.stream()
        .filter(other -> !other.cluster().equals(entry.cluster()))
        .anyMatch(other -> entry.scope().folder().path().startsWith(other.scope().folder().path()));
  }

  private Problem unknown(ClusterId cluster) {
    return unusable.stream()
        .filter(it -> it.cluster().equals(cluster))
        .findFirst()
        .<Problem>map(
            it ->
                Problem.refused(
                    "no credential can be limited to %s: %s".formatted(cluster, it.reason()),
                    "Give the cluster a folder of its own, without special characters."))
        .orElseGet(
            () ->
                Problem.notFound(
                    "%s is not known: nothing in the bucket is its, and nobody has named it"
                        .formatted(cluster),
                    "If it is a new cluster: pgbackup -c FILE credentials bootstrap --namespace %s --cluster %s"
                        .formatted(cluster.namespace(), cluster.name())));
  }

  private static Entry holding(List<Entry> entries, LineageUid uid) {
    return entries.stream()
        .filter(entry -> entry.uids().contains(uid))
        .findFirst()
        .orElseThrow(
            () ->
                Problem.notFound(
                        "%s has no lineage %s".formatted(entries.getFirst().cluster(), uid),
                        "There are: " + describe(entries))
                    .asException());
  }

  private static Entry only(List<Entry> entries) {
    Optional<Entry> own = entries.stream().filter(Entry::own).findFirst();
    if (own.isPresent()) {
      return own.get();
    }
    List<Entry> registered = entries.stream().filter(Entry::registered).toList();
    List<Entry> candidates = registered.isEmpty() ? entries : registered;
    if (candidates.size() > 1) {
      throw Problem.refused(
              "%s has more than one folder".formatted(candidates.getFirst().cluster()),
              "Say which by --uid: " + describe(candidates))
          .asException();
    }
    return candidates.getFirst();
  }

  private static String describe(List<Entry> entries) {
    return entries.stream()
        .map(
            entry ->
                "%s in %s"
                    .formatted(
                        entry.uids().isEmpty()
                            ? "nothing yet"
                            : entry.uids().stream()
                                .map(LineageUid::value)
                                .collect(Collectors.joining(", ")),
                        entry.scope().folder()))
        .collect(Collectors.joining("; "));
  }

  /// A credential for the one folder would reach the other.
  void refuseOverlap(Entry entry) {
    entries.stream()
        .filter(other -> !other.cluster().equals(entry.cluster()))
        .filter(other -> other.scope().overlaps(entry.scope()))
        .findFirst()
        .ifPresent(
            other -> {
              throw Problem.refused(
                      "the folder %s of %s and the folder %s of %s lie in one another"
                          .formatted(
                              entry.scope().folder(),
                              entry.cluster(),
                              other.scope().folder(),
                              other.cluster()),
                      "A credential for one would reach both: give one of the clusters another"
                          + " storage.prefix.")
                  .asException();
            });
  }
}
