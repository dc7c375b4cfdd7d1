package io.pgbackup.cli.view;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.output.Table;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.retention.Hold;
import io.pgbackup.wording.Times;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// `pgbackup hold list` and `hold add`.
public final class HoldsView {
  /// One element of the array: `backup` or `since` is set.
  public record Row(
      String namespace,
      String cluster,
      String uid,
      String id,
      Optional<String> backup,
      Optional<Instant> since,
      String owner,
      String reason,
      Instant createdAt,
      Optional<Instant> expiresAt) {}

  private HoldsView() {}

  public static List<Row> rows(Lineage lineage, List<Hold> holds) {
    return holds.stream()
        .map(
            hold ->
                new Row(
                    lineage.cluster().namespace(),
                    lineage.cluster().name(),
                    lineage.uid().value(),
                    hold.id(),
                    hold.held() instanceof Hold.Held.Backup(BackupName name)
                        ? Optional.of(name.value())
                        : Optional.empty(),
                    hold.held() instanceof Hold.Held.Since(Instant since)
                        ? Optional.of(since)
                        : Optional.empty(),
                    hold.owner(),
                    hold.reason(),
                    hold.createdAt(),
                    hold.expiresAt()))
        .toList();
  }

  public static String table(List<Row> rows) {
    if (rows.isEmpty()) {
      return "nothing is held\n";
    }
    Table table = new Table("ID", "CLUSTER", "HOLDS", "OWNER", "UNTIL", "REASON");
    rows.forEach(
        row ->
            table.row(
                row.id(),
                row.namespace() + "/" + row.cluster(),
                row.backup()
                    .or(() -> row.since().map(since -> "since " + Times.exact(since)))
                    .orElse(""),
                row.owner(),
                row.expiresAt().map(Times::second).orElse("removed"),
                row.reason()));
    return table.render();
  }
}
