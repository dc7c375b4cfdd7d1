package io.pgbackup.cli.view;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.output.Table;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.wording.Sizes;
import io.pgbackup.wording.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `pgbackup backups`: the base backups of each lineage, oldest first.
public final class BackupsView {
  /// One element of the array. Sizes are bytes.
  ///
  /// @param deltaFrom the direct parent of a delta
  /// @param deltaFull the full backup at the end of its chain
  /// @param deltaCount steps from there; 0 for a full backup
  /// @param userData any JSON that the backup's maker gave it
  /// @param keyFingerprint of the key that it is encrypted with, where that is known
  /// @param tablespaces numbers and locations; empty for none
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
      Optional<String> deltaFrom,
      Optional<String> deltaFull,
      int deltaCount,
      Optional<JsonNode> userData,
      Optional<String> keyFingerprint,
      List<Tablespace> tablespaces) {}

  /// @param oid also its name below `pg_tblspc`
  public record Tablespace(String oid, String location) {}

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
        backup.deltaFrom().map(BackupName::value),
        backup.delta().map(delta -> delta.full().value()),
        backup.delta().map(DeltaOrigin::count).orElse(0),
        backup.userData(),
        backup.keyFingerprint(),
        backup.tablespaces().stream()
            .flatMap(spec -> spec.tablespaces().stream())
            .map(tablespace -> new Tablespace(tablespace.oid(), tablespace.location()))
            .toList());
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
    boolean userData = catalog.backups().stream().anyMatch(it -> it.userData().isPresent());
    List<String> headings =
        new ArrayList<>(List.of("BACKUP", "KIND", "FINISHED", "TOOK", "SIZE", "STORED"));
    boolean keys = catalog.backups().stream().anyMatch(it -> it.keyFingerprint().isPresent());
    if (keys) {
      headings.add("KEY");
    }
    if (userData) {
      headings.add("USER DATA");
    }
    Table table = new Table(headings.toArray(String[]::new)).right(3, 4, 5);
    for (BaseBackup backup : catalog.backups()) {
      List<String> cells =
          new ArrayList<>(
              List.of(
                  backup.name().value(),
                  kind(backup),
                  Times.second(backup.finishTime()),
                  Times.span(Duration.between(backup.startTime(), backup.finishTime())),
                  known(backup.uncompressedSize()).map(Sizes::human).orElse("?"),
                  known(backup.compressedSize()).map(Sizes::human).orElse("?")));
      if (keys) {
        cells.add(backup.keyFingerprint().orElse(""));
      }
      if (userData) {
        cells.add(backup.userData().map(JsonNode::toString).orElse(""));
      }
      table.row(cells.toArray(String[]::new));
    }
    return heading + table.render().indent(2);
  }

  /// For example `delta 2, permanent`: two steps from its full backup.
  private static String kind(BaseBackup backup) {
    return backup.delta().map(delta -> "delta " + delta.count()).orElse("full")
        + (backup.permanent() ? ", permanent" : "");
  }
}
