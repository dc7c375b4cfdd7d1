package io.pgbackup.catalog;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.store.StoreFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What an archive is called that nobody claimed, by its path alone. Pure.
/// - as the template says, or the default one;
/// - `spilo/SCOPE/UID/wal/VERSION` and `spilo/SCOPE/wal/VERSION`, with or without the version,
///   below any folder: SCOPE is the cluster;
/// - `.../NAME/VERSION`, and any other folder: its name is the cluster's and the lineage's.
///
/// @param root the path that an archive at the root is called by: the bucket, or the directory
record ArchiveNames(PrefixTemplate template, StoreFolder root) {
  private static final Pattern VERSION = Pattern.compile("9\\.[0-6]|[1-9][0-9]");
  private static final String SPILO = "spilo";
  private static final int LONGEST_NAME = 63;

  record Names(ClusterId cluster, LineageUid uid) {}

  Names of(StoreFolder folder) {
    return Stream.of(template, PrefixTemplate.DEFAULT)
        .flatMap(layout -> byTemplate(layout, folder).stream())
        .findFirst()
        .orElseGet(() -> byPath(folder));
  }

  private static Optional<Names> byTemplate(PrefixTemplate layout, StoreFolder folder) {
    return layout
        .match(folder)
        .flatMap(
            match ->
                match
                    .cluster()
                    .flatMap(
                        cluster ->
                            match
                                .uid()
                                .map(
                                    uid ->
                                        new Names(
                                            new ClusterId(
                                                match
                                                    .namespace()
                                                    .orElse(ClusterId.DEFAULT_NAMESPACE),
                                                cluster),
                                            new LineageUid(uid)))));
  }

  private Names byPath(StoreFolder folder) {
    List<String> path =
        new ArrayList<>(
            Stream.of(folder.path().split("/")).filter(segment -> !segment.isEmpty()).toList());
    if (path.size() > 1 && VERSION.matcher(path.getLast()).matches()) {
      path.removeLast();
    }
    if (path.isEmpty()) {
      return root.equals(StoreFolder.ROOT) ? names("archive", "archive") : byPath(root);
    }
    int spilo = path.lastIndexOf(SPILO);
    if (spilo >= 0 && path.getLast().equals("wal")) {
      List<String> scope = path.subList(spilo + 1, path.size() - 1);
      if (!scope.isEmpty()) {
        return names(scope.get(Math.max(0, scope.size() - 2)), scope.getLast());
      }
    }
    return names(path.getLast(), path.getLast());
  }

  private static Names names(String cluster, String uid) {
    return new Names(
        new ClusterId(ClusterId.DEFAULT_NAMESPACE, asName(cluster)), new LineageUid(asName(uid)));
  }

  private static String asName(String text) {
    String allowed = text.replaceAll("[^A-Za-z0-9._-]", "-").replaceAll("^[^A-Za-z0-9]+", "");
    String name =
        allowed
            .substring(0, Math.min(LONGEST_NAME, allowed.length()))
            .replaceAll("[^A-Za-z0-9]+$", "");
    return name.isEmpty() ? "archive" : name;
  }
}
