package io.pgbackup.cli.view;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.catalog.Unreadable;
import io.pgbackup.cli.output.Table;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.store.StoreFolder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// `pgbackup clusters`: every lineage in the store and what can be restored from it.
public final class ClustersView {
  /// One element of the array. Scripts rely on these names.
  ///
  /// @param systemIdentifier as text: it has 64 bits, and many JSON readers have 53
  /// @param prefix the folder in the store, which `--prefix` takes
  /// @param unreadable why nothing more is known of it, an encrypted archive without its key for
  ///   instance
  public record Row(
      String namespace,
      String cluster,
      String uid,
      Optional<String> systemIdentifier,
      Optional<String> pgVersion,
      List<Window> windows,
      String prefix,
      Optional<String> unreadable) {}

  /// @param end exclusive
  public record Window(Instant start, Instant end) {
    static Window of(RecoveryWindow window) {
      return new Window(window.start(), window.end());
    }
  }

  private ClustersView() {}

  /// @param unreadable archives that were found and cannot be shown, after the others
  public static List<Row> json(List<LineageCatalog> catalogs, List<Unreadable> unreadable) {
    return Stream.concat(
            catalogs.stream().map(ClustersView::row), unreadable.stream().map(ClustersView::row))
        .toList();
  }

  private static Row row(LineageCatalog catalog) {
    return new Row(
        catalog.lineage().cluster().namespace(),
        catalog.lineage().cluster().name(),
        catalog.lineage().uid().value(),
        LineageFacts.systemIdentifier(catalog).map(SystemIdentifier::toString),
        LineageFacts.serverVersion(catalog),
        catalog.windows().stream().map(Window::of).toList(),
        catalog.lineage().prefix().path(),
        Optional.empty());
  }

  private static Row row(Unreadable archive) {
    return new Row(
        archive.cluster().namespace(),
        archive.cluster().name(),
        archive.uid().value(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        archive.folder().path(),
        Optional.of(archive.problem().message()));
  }

  /// A lineage with several windows has a row for each. Where somebody else laid one of them out,
  /// or one cannot be read, the last column says in which folder.
  public static String table(List<LineageCatalog> catalogs, List<Unreadable> unreadable) {
    boolean adopted = !unreadable.isEmpty() || catalogs.stream().anyMatch(ClustersView::isAdopted);
    List<String> columns =
        new ArrayList<>(
            List.of("NAMESPACE", "CLUSTER", "UID", "PG", "BACKUPS", "RESTORABLE FROM", "TO"));
    if (adopted) {
      columns.add("FOLDER");
    }
    Table table = new Table(columns.toArray(String[]::new)).right(4);
    for (LineageCatalog catalog : catalogs) {
      List<WindowSpan> spans = catalog.windows().stream().map(WindowSpan::of).toList();
      WindowSpan first = spans.isEmpty() ? new WindowSpan("nothing yet", "") : spans.getFirst();
      row(
          table,
          adopted,
          folder(catalog.lineage().prefix()),
          catalog.lineage().cluster().namespace(),
          catalog.lineage().cluster().name(),
          catalog.lineage().uid().value(),
          LineageFacts.serverVersion(catalog).orElse("?"),
          Integer.toString(catalog.backups().size()),
          first.first(),
          first.last());
      spans.stream()
          .skip(1)
          .forEach(span -> row(table, adopted, "", "", "", "", "", "", span.first(), span.last()));
    }
    for (Unreadable archive : unreadable) {
      row(
          table,
          adopted,
          folder(archive.folder()),
          archive.cluster().namespace(),
          archive.cluster().name(),
          archive.uid().value(),
          "?",
          "?",
          "unreadable",
          "");
    }
    return table.render();
  }

  private static void row(Table table, boolean adopted, String folder, String... cells) {
    List<String> all = new ArrayList<>(List.of(cells));
    if (adopted) {
      all.add(folder);
    }
    table.row(all.toArray(String[]::new));
  }

  private static boolean isAdopted(LineageCatalog catalog) {
    return catalog.lineage().claim().isEmpty()
        && PrefixTemplate.DEFAULT.match(catalog.lineage().prefix()).isEmpty();
  }

  private static String folder(StoreFolder folder) {
    String path = folder.path();
    return path.isEmpty() ? "/" : path;
  }
}
