package io.pgbackup.cli.view;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.lineage.Claim;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.wal.SegmentHeader;
import java.util.Optional;

/// What a lineage's claim says, or else its newest backup, or else its WAL: an adopted archive has
/// no claim.
final class LineageFacts {
  private LineageFacts() {}

  static Optional<SystemIdentifier> systemIdentifier(LineageCatalog catalog) {
    return catalog
        .lineage()
        .claim()
        .map(Claim::systemIdentifier)
        .or(() -> newestBackup(catalog).flatMap(BaseBackup::systemIdentifier))
        .or(() -> catalog.newestSegment().map(SegmentHeader::systemIdentifier));
  }

  /// The server that took the newest backup is newer than the one that made the claim. WAL tells
  /// the major version only.
  static Optional<String> serverVersion(LineageCatalog catalog) {
    return newestBackup(catalog)
        .map(BaseBackup::serverVersion)
        .or(() -> catalog.lineage().claim().map(Claim::serverVersion))
        .map(ServerVersion::toString)
        .or(
            () ->
                catalog
                    .newestSegment()
                    .map(SegmentHeader::majorVersion)
                    .map(major -> Integer.toString(major)));
  }

  static Optional<BaseBackup> newestBackup(LineageCatalog catalog) {
    return catalog.backups().isEmpty()
        ? Optional.empty()
        : Optional.of(catalog.backups().getLast());
  }

  /// For example `default/orders 6f0c8d1e-... PostgreSQL 18.6`.
  static String heading(LineageCatalog catalog) {
    return "%s  %s%s"
        .formatted(
            catalog.lineage().cluster(),
            catalog.lineage().uid(),
            serverVersion(catalog).map(version -> "  PostgreSQL " + version).orElse(""));
  }
}
