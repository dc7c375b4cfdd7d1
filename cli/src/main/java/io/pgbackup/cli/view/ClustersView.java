package io.pgbackup.cli.view;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.cli.output.Table;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// `pgbackup clusters`: every lineage in the store and what can be restored from it.
public final class ClustersView {
  /// One element of the array. Scripts rely on these names.
  ///
  /// @param systemIdentifier as text: it has 64 bits, and many JSON readers have 53
  public record Row(
      String namespace,
      String cluster,
      String uid,
      Optional<String> systemIdentifier,
      Optional<String> pgVersion,
      List<Window> windows) {}

  /// @param end exclusive
  public record Window(Instant start, Instant end) {
    static Window of(RecoveryWindow window) {
      return new Window(window.start(), window.end());
    }
  }

  private ClustersView() {}

  public static List<Row> json(List<LineageCatalog> catalogs) {
    return catalogs.stream()
        .map(
            catalog ->
                new Row(
                    catalog.lineage().cluster().namespace(),
                    catalog.lineage().cluster().name(),
                    catalog.lineage().uid().value(),
                    LineageFacts.systemIdentifier(catalog).map(SystemIdentifier::toString),
                    LineageFacts.serverVersion(catalog).map(ServerVersion::toString),
                    catalog.windows().stream().map(Window::of).toList()))
        .toList();
  }

  /// A lineage with several windows has a row for each.
  public static String table(List<LineageCatalog> catalogs) {
    Table table =
        new Table("NAMESPACE", "CLUSTER", "UID", "PG", "BACKUPS", "RESTORABLE FROM", "TO").right(4);
    for (LineageCatalog catalog : catalogs) {
      List<WindowSpan> spans = catalog.windows().stream().map(WindowSpan::of).toList();
      WindowSpan first = spans.isEmpty() ? new WindowSpan("nothing yet", "") : spans.getFirst();
      table.row(
          catalog.lineage().cluster().namespace(),
          catalog.lineage().cluster().name(),
          catalog.lineage().uid().value(),
          LineageFacts.serverVersion(catalog).map(ServerVersion::toString).orElse("?"),
          Integer.toString(catalog.backups().size()),
          first.first(),
          first.last());
      spans.stream()
          .skip(1)
          .forEach(span -> table.row("", "", "", "", "", span.first(), span.last()));
    }
    return table.render();
  }
}
