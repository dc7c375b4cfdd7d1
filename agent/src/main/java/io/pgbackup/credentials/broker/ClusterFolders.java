package io.pgbackup.credentials.broker;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.store.StoreFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Which folder holds all of a cluster, by the path of one of its archives. Pure.
///
/// @param template where lineages of ours lie
record ClusterFolders(PrefixTemplate template) {
  private static final Pattern VERSION = Pattern.compile("9\\.[0-6]|[1-9][0-9]");

  /// @param owner who alone may lie there; empty where the path does not say
  record Place(StoreFolder folder, Optional<ClusterId> owner) {}

  /// The folder for a cluster that has no archive yet.
  StoreFolder ofNew(ClusterId cluster) {
    return template.clusterFolder(cluster);
  }

  /// Where a cluster's next lineage lies; with a literal template that is not where its first one
  /// does.
  StoreFolder ofNext(ClusterId cluster) {
    return (template.isLiteral() ? PrefixTemplate.DEFAULT : template).clusterFolder(cluster);
  }

  /// Spilo's `spilo/SCOPE/UID/wal/VERSION` lies in `spilo/SCOPE/`; any other archive in its own
  /// folder, or the one above where its name is a PostgreSQL version.
  ///
  /// @return the root where the archive lies directly in it
  Place of(StoreFolder archive) {
    return Stream.of(template, PrefixTemplate.DEFAULT)
        .flatMap(layout -> byTemplate(layout, archive).stream())
        .findFirst()
        .orElseGet(() -> new Place(byPath(archive), Optional.empty()));
  }

  private static Optional<Place> byTemplate(PrefixTemplate layout, StoreFolder archive) {
    if (layout.isLiteral()) {
      return StoreFolder.of(layout.text()).equals(archive)
          ? Optional.of(new Place(archive, Optional.empty()))
          : Optional.empty();
    }
    return layout
        .match(archive)
        .flatMap(
            match ->
                match
                    .cluster()
                    .map(
                        name ->
                            new ClusterId(
                                match.namespace().orElse(ClusterId.DEFAULT_NAMESPACE), name)))
        .map(cluster -> new Place(layout.clusterFolder(cluster), Optional.of(cluster)));
  }

  private static StoreFolder byPath(StoreFolder archive) {
    List<String> path =
        new ArrayList<>(
            Stream.of(archive.path().split("/")).filter(segment -> !segment.isEmpty()).toList());
    if (path.size() > 1 && VERSION.matcher(path.getLast()).matches()) {
      path.removeLast();
    }
    int spilo = path.lastIndexOf("spilo");
    if (spilo >= 0 && !path.isEmpty() && path.getLast().equals("wal")) {
      int scope = Math.max(spilo + 1, path.size() - 3);
      return StoreFolder.of(String.join("/", path.subList(0, scope + 1)));
    }
    return StoreFolder.of(String.join("/", path));
  }
}
