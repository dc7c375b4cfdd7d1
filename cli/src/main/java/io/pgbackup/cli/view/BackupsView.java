package io.pgbackup.cli.view;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.output.Sizes;
import io.pgbackup.cli.output.Table;
import io.pgbackup.cli.output.Times;
import io.pgbackup.engine.format.BackupName;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// `pgbackup backups`: the base backups of each lineage, oldest first.
public final class BackupsView {
  /// One element of the array. Sizes are bytes.
  public record Row(
      String namespace,
      String cluster,
      String uid,
      String name,
      Instant startTime,
      Instant finishTime,
      String startLsn,
      String finishLsn,
      long timeline,
      String pgVersion,
      Optional<Long> uncompressedSize,
      Optional<Long> compressedSize,
      boolean permanent,
      Optional<String> deltaFrom) {}

  private BackupsView() {}

  public static List<Row> json(List<LineageCatalog> catalogs) {
    return catalogs.stream()
        .flatMap(catalog -> catalog.backups().stream().map(backup -> row(catalog, backup)))
        .toList();
  }

  private static Row row(LineageCatalog catalog, BaseBackup backup) {
    return new Row(
        catalog.lineage().cluster().namespace(),
        catalog.lineage().cluster().name(),
        catalog.lineage().uid().value(),
        backup.name().value(),
        backup.startTime(),
        backup.finishTime(),
        backup.startLsn().toString(),
        backup.finishLsn().toString(),
        backup.timeline().id(),
        backup.serverVersion().toString(),
        known(backup.uncompressedSize()),
        known(backup.compressedSize()),
        backup.permanent(),
        backup.deltaFrom().map(BackupName::value));
  }

  private static Optional<Long> known(long bytes) {
    return bytes > 0 ? Optional.of(bytes) : Optional.empty();
  }

  /// One table for each lineage, under a heading.
  public static String table(List<LineageCatalog> catalogs) {
    return String.join("\n", catalogs.stream().map(BackupsView::lineage).toList());
  }

  private static String lineage(LineageCatalog catalog) {
    String heading = LineageFacts.heading(catalog) + "\n";
    if (catalog.backups().isEmpty()) {
      return heading + "  no base backup yet\n";
    }
    Table table = new Table("BACKUP", "KIND", "FINISHED", "TOOK", "SIZE", "STORED").right(3, 4, 5);
    for (BaseBackup backup : catalog.backups()) {
      table.row(
          backup.name().value(),
          backup.deltaFrom().isPresent() ? "delta" : "full",
          Times.second(backup.finishTime()),
          Times.span(Duration.between(backup.startTime(), backup.finishTime())),
          known(backup.uncompressedSize()).map(Sizes::human).orElse("?"),
          known(backup.compressedSize()).map(Sizes::human).orElse("?"));
    }
    return heading + table.render().indent(2);
  }
}
