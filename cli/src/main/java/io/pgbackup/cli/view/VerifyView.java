package io.pgbackup.cli.view;

import io.pgbackup.cli.output.Table;
import io.pgbackup.verify.BackupReport;
import io.pgbackup.verify.Fault;
import io.pgbackup.verify.VerifyReport;
import io.pgbackup.verify.WalReport;
import io.pgbackup.wording.Sizes;
import io.pgbackup.wording.Times;
import java.util.List;

/// `pgbackup verify`.
public final class VerifyView {
  private static final String SOUND = "sound";
  private static final String DAMAGED = "damaged";

  private VerifyView() {}

  /// @param verdict `sound` or `damaged`
  /// @param seconds that reading took
  record Json(
      String namespace,
      String cluster,
      String uid,
      String verdict,
      double seconds,
      List<BackupJson> backups,
      WalJson wal,
      List<Fault> faults) {}

  /// @param manifest whether each file was compared with a manifest of ours
  record BackupJson(
      String name,
      String verdict,
      boolean manifest,
      int tars,
      long files,
      long bytes,
      List<String> notes) {}

  /// @param onward whether it was read to the newest segment
  record WalJson(String verdict, int wanted, int read, boolean onward, List<String> notes) {}

  /// For scripts: one element for each lineage.
  public static Object json(List<VerifyReport> reports) {
    return reports.stream().map(VerifyView::json).toList();
  }

  private static Json json(VerifyReport report) {
    WalReport wal = report.wal();
    return new Json(
        report.lineage().cluster().namespace(),
        report.lineage().cluster().name(),
        report.lineage().uid().value(),
        verdict(report.isSound()),
        report.took().toMillis() / 1000.0,
        report.backups().stream().map(VerifyView::json).toList(),
        new WalJson(verdict(wal.isSound()), wal.wanted(), wal.read(), wal.onward(), wal.notes()),
        report.faults());
  }

  private static BackupJson json(BackupReport backup) {
    return new BackupJson(
        backup.name().value(),
        verdict(backup.isSound()),
        backup.manifest(),
        backup.tars(),
        backup.files(),
        backup.bytes(),
        backup.notes());
  }

  private static String verdict(boolean sound) {
    return sound ? SOUND : DAMAGED;
  }

  /// For people: what was read, then each fault with what to do.
  public static String text(List<VerifyReport> reports) {
    StringBuilder text = new StringBuilder();
    for (VerifyReport report : reports) {
      text.append(text.isEmpty() ? "" : "\n")
          .append("%s  %s%n".formatted(report.lineage().cluster(), report.lineage().uid()))
          .append(table(report));
      report
          .backups()
          .forEach(
              backup ->
                  backup
                      .notes()
                      .forEach(
                          note -> text.append("note: %s: %s%n".formatted(backup.name(), note))));
      report.wal().notes().forEach(note -> text.append("note: %s%n".formatted(note)));
      faults(text, report.faults());
      text.append(summary(report));
    }
    return text.toString();
  }

  private static String table(VerifyReport report) {
    Table table =
        new Table("WHAT", "VERDICT", "OBJECTS", "FILES", "SIZE", "COMPARED WITH").right(2, 3, 4);
    report
        .backups()
        .forEach(
            backup ->
                table.row(
                    backup.name().value(),
                    verdict(backup.isSound()),
                    Integer.toString(backup.tars()),
                    Long.toString(backup.files()),
                    Sizes.human(backup.bytes()),
                    backup.manifest() ? "manifest" : "codecs and lists"));
    WalReport wal = report.wal();
    table.row(
        wal.onward() ? "WAL to the newest segment" : "WAL of these backups",
        verdict(wal.isSound()),
        wal.read() == wal.wanted()
            ? Integer.toString(wal.read())
            : wal.read() + " of " + wal.wanted(),
        "",
        "",
        "its records");
    return table.render();
  }

  private static void faults(StringBuilder text, List<Fault> faults) {
    String said = "";
    for (Fault fault : faults) {
      boolean named = fault.reason().contains(fault.object());
      text.append("DAMAGED  ")
          .append(named ? "" : fault.object() + ": ")
          .append(fault.reason())
          .append('\n');
      // one damaged disk leaves many faults of one kind
      if (!fault.next().equals(said)) {
        text.append("         -> ").append(fault.next()).append('\n');
      }
      said = fault.next();
    }
  }

  private static String summary(VerifyReport report) {
    return report.isSound()
        ? "sound, in " + Times.span(report.took()) + "\n"
        : "%d faults, in %s%n".formatted(report.faults().size(), Times.span(report.took()));
  }
}
