package io.pgbackup.cli.view;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.output.Table;
import java.util.List;
import java.util.stream.Stream;

/// `pgbackup gaps`.
public final class GapsView {
  /// One element of the array.
  ///
  /// @param first,last missing segments, both inclusive
  /// @param state as [io.pgbackup.catalog.GapState] calls it
  public record Row(
      String namespace, String cluster, String uid, String first, String last, String state) {}

  private GapsView() {}

  public static Stream<Row> rows(LineageCatalog catalog) {
    return catalog.gaps().stream()
        .map(
            gap ->
                new Row(
                    catalog.lineage().cluster().namespace(),
                    catalog.lineage().cluster().name(),
                    catalog.lineage().uid().value(),
                    gap.first().fileName(),
                    gap.last().fileName(),
                    gap.state().word()));
  }

  public static String table(List<Row> rows) {
    if (rows.isEmpty()) {
      return "no WAL is missing\n";
    }
    Table table = new Table("CLUSTER", "UID", "FIRST", "LAST", "STATE");
    rows.forEach(
        row ->
            table.row(
                row.namespace() + "/" + row.cluster(),
                row.uid(),
                row.first(),
                row.last(),
                row.state()));
    return table.render();
  }
}
