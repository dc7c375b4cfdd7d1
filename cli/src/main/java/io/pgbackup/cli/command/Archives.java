package io.pgbackup.cli.command;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Discovery;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.Unreadable;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.past.PastStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.BiFunction;

/// The store that the options name, read as far as a verb needs it.
///
/// @param past the same store, where it is read as it stood at an earlier instant
/// @param cipher with the keys to read with
/// @param template where lineages lie in it, and new ones will
/// @param folder the one archive that is meant, whatever else lies in the store
/// @param owner whose archive lies in the template's folder where that is a literal one
record Archives(
    ObjectStore store,
    Optional<PastStore> past,
    ObjectCipher cipher,
    PrefixTemplate template,
    Optional<StoreFolder> folder,
    Optional<ClusterId> owner)
    implements AutoCloseable {
  static Archives open(Configuration configuration) {
    return open(configuration, Optional.empty());
  }

  /// @param asOf whose state of the store is read; today's if left out
  static Archives open(Configuration configuration, Optional<Instant> asOf) {
    ObjectCipher cipher = configuration.cipher();
    Optional<PastStore> past = asOf.map(configuration::openAsOf);
    return new Archives(
        past.<ObjectStore>map(store -> store).orElseGet(configuration::open),
        past,
        cipher,
        configuration.template(),
        configuration.folder(),
        configuration
            .own()
            .map(PgBackupConfig::cluster)
            .map(cluster -> new ClusterId(cluster.namespace(), cluster.name())));
  }

  /// Where something is written: the store as it is now.
  ObjectStore live() {
    return past.map(PastStore::live).orElse(store);
  }

  /// What a person should know about the state that was read.
  List<String> notices() {
    return past.map(PastNotices::of).orElseGet(List::of);
  }

  /// Lineages that are not wanted are not read.
  ///
  /// @param cluster all if left out
  /// @param uid all if left out
  /// @throws PgBackupException `NotFound`, with what was found instead, if one folder is meant and
  ///   holds no archive
  Reading read(Optional<ClusterId> cluster, Optional<LineageUid> uid) {
    return read(cluster, uid, false);
  }

  /// @param whole from a listing of all WAL, whatever index objects say
  Reading read(Optional<ClusterId> cluster, Optional<LineageUid> uid, boolean whole) {
    return read(
        cluster,
        uid,
        (catalog, lineage) ->
            Optional.of(whole ? catalog.readWhole(lineage) : catalog.read(lineage)));
  }

  /// The same along the way to one timeline, of lineages that have it.
  Reading read(Optional<ClusterId> cluster, Optional<LineageUid> uid, Optional<Timeline> timeline) {
    return timeline
        .map(wanted -> read(cluster, uid, (catalog, lineage) -> catalog.readAlong(lineage, wanted)))
        .orElseGet(() -> read(cluster, uid));
  }

  private Reading read(
      Optional<ClusterId> cluster,
      Optional<LineageUid> uid,
      BiFunction<Catalog, Lineage, Optional<LineageCatalog>> how) {
    Catalog catalog = new Catalog(store, cipher);
    Discovery found = discover(catalog, cluster);
    List<LineageCatalog> catalogs = new ArrayList<>();
    List<Unreadable> unreadable = new ArrayList<>(found.unreadable());
    SortedSet<LineageUid> uids = new TreeSet<>();
    unreadable.stream()
        .filter(archive -> cluster.map(archive.cluster()::equals).orElse(true))
        .forEach(archive -> uids.add(archive.uid()));
    unreadable.removeIf(archive -> !isWanted(archive.cluster(), archive.uid(), cluster, uid));
    for (Lineage each : found.lineages()) {
      Lineage lineage = named(each);
      if (cluster.map(lineage.cluster()::equals).orElse(true)) {
        uids.add(lineage.uid());
      }
      if (isWanted(lineage.cluster(), lineage.uid(), cluster, uid)) {
        try {
          how.apply(catalog, lineage).ifPresent(catalogs::add);
        } catch (PgBackupException e) {
          unreadable.add(unreadable(lineage, e));
        }
      }
    }
    return new Reading(catalogs, unreadable, found, uids);
  }

  /// Those that are wanted, by cluster, then UID, without reading what they hold.
  ///
  /// @throws PgBackupException `NotFound` if there is none
  List<Lineage> lineages(Optional<ClusterId> cluster, Optional<LineageUid> uid) {
    List<Lineage> wanted =
        discover(new Catalog(store, cipher), cluster).lineages().stream()
            .map(this::named)
            .filter(lineage -> isWanted(lineage.cluster(), lineage.uid(), cluster, uid))
            .toList();
    if (wanted.isEmpty()) {
      throw Problem.notFound(
              "%s has no lineage%s%s"
                  .formatted(
                      store.url(),
                      uid.map(it -> " " + it).orElse(""),
                      cluster.map(it -> " of cluster " + it).orElse("")),
              "'pgbackup clusters' lists what is there.")
          .asException();
    }
    return wanted;
  }

  private Discovery discover(Catalog catalog, Optional<ClusterId> cluster) {
    if (folder.isEmpty()) {
      return catalog.discover(template, template.isLiteral() ? cluster.or(() -> owner) : cluster);
    }
    Discovery found = catalog.discoverIn(folder.get());
    if (found.lineages().isEmpty() && found.unreadable().isEmpty() && found.forbidden().isEmpty()) {
      throw catalog.explainAbsence(folder.get()).asException();
    }
    return found;
  }

  /// One archive that is damaged, or encrypted with another key, hides no other.
  private static Unreadable unreadable(Lineage lineage, PgBackupException e) {
    if (e.problem() instanceof Problem.VerificationFailed failed) {
      return new Unreadable(lineage.prefix(), lineage.cluster(), lineage.uid(), failed);
    }
    throw e;
  }

  private Lineage named(Lineage lineage) {
    boolean own =
        lineage.claim().isEmpty()
            && template.isLiteral()
            && lineage.prefix().equals(StoreFolder.of(template.text()));
    return own
        ? owner
            .map(cluster -> new Lineage(cluster, lineage.uid(), lineage.prefix(), Optional.empty()))
            .orElse(lineage)
        : lineage;
  }

  private static boolean isWanted(
      ClusterId itsCluster,
      LineageUid itsUid,
      Optional<ClusterId> cluster,
      Optional<LineageUid> uid) {
    return cluster.map(itsCluster::equals).orElse(true) && uid.map(itsUid::equals).orElse(true);
  }

  @Override
  public void close() {
    store.close();
  }
}
