package io.pgbackup.cli.command;

import io.pgbackup.catalog.ArchiveSurvey.UnreadableBackup;
import io.pgbackup.catalog.Discovery;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.Unreadable;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.stream.Collectors;

/// What a store holds of what was asked for.
///
/// @param catalogs by cluster, then UID
/// @param unreadable archives that were asked for and cannot be shown
/// @param discovery the whole search
/// @param uids of all lineages of the cluster that was asked for, wanted or not
record Reading(
    List<LineageCatalog> catalogs,
    List<Unreadable> unreadable,
    Discovery discovery,
    SortedSet<LineageUid> uids) {
  /// @throws PgBackupException `NotFound`, with those there are, if the UID is none of them
  void requireLineage(Optional<ClusterId> cluster, Optional<LineageUid> uid) {
    if (uid.isPresent() && !uids.isEmpty() && !uids.contains(uid.get())) {
      throw Problem.notFound(
              "%s has no lineage %s"
                  .formatted(cluster.map(it -> "cluster " + it).orElse("the store"), uid.get()),
              "It has "
                  + uids.stream().map(LineageUid::value).collect(Collectors.joining(", "))
                  + ".")
          .asException();
    }
  }

  /// @throws PgBackupException why an archive that was asked for cannot be read, or why the store
  ///   may not be searched, if nothing else was found
  void requireAny() {
    if (!catalogs.isEmpty()) {
      return;
    }
    Optional<Problem> why =
        unreadable.stream()
            .map(Unreadable::problem)
            .findFirst()
            .or(() -> discovery.forbidden().stream().map(Discovery.Forbidden::problem).findFirst());
    if (why.isPresent()) {
      throw why.get().asException();
    }
  }

  /// What a person should know beside the data. Whoever asked for one cluster and got it does not
  /// need to know where else it was looked for.
  ///
  /// @param everything whether all clusters were asked for
  List<String> notices(boolean everything) {
    List<String> notices = new ArrayList<>();
    for (Unreadable archive : unreadable) {
      notices.add(
          "left out: %s: %s%s"
              .formatted(
                  archive.cluster(),
                  archive.problem().message(),
                  archive.problem().hint().map(hint -> ". " + hint).orElse("")));
    }
    for (LineageCatalog archive : catalogs) {
      for (UnreadableBackup backup : archive.unreadable()) {
        notices.add(
            "left out: %s of %s: %s. What else is there does not need it, unless a delta stands on it"
                .formatted(backup.name(), archive.lineage().cluster(), backup.reason()));
      }
    }
    if (!everything && !catalogs.isEmpty()) {
      return notices;
    }
    if (!discovery.forbidden().isEmpty()) {
      notices.add(
          "not looked into, because it may not be listed: "
              + discovery.forbidden().stream()
                  .map(each -> each.folder().path().isEmpty() ? "/" : each.folder().path())
                  .distinct()
                  .toList());
    }
    if (discovery.unvisited() > 0) {
      notices.add(
          "%d folders were not looked into, or not to their end, because there is so much; name an"
                  .formatted(discovery.unvisited())
              + " archive in them with --prefix FOLDER");
    }
    return notices;
  }
}
