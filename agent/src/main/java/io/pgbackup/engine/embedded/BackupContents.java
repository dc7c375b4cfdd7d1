package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoredObject;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// The tars of one backup.
///
/// @param parts in any order
/// @param last that come one after the other when all parts are there: what they hold counts
record BackupContents(List<StoredObject> parts, List<StoredObject> last) {
  /// @param needed names of tars that must be there
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if one of them is gone
  static BackupContents of(BackupName name, List<StoredObject> tars, Set<String> needed) {
    Set<String> present = tars.stream().map(tar -> tar.key().name()).collect(Collectors.toSet());
    List<String> missing = needed.stream().filter(tar -> !present.contains(tar)).sorted().toList();
    if (tars.isEmpty() || !missing.isEmpty()) {
      throw Problem.verificationFailed(
              name + " is not whole: " + (tars.isEmpty() ? "it has no tars" : missing + " missing"),
              "Something deleted them; choose another backup.")
          .asException();
    }
    Predicate<StoredObject> comesLast =
        tar -> isControlFile(tar.key().name()) || isLabel(tar.key().name());
    return new BackupContents(
        tars.stream().filter(comesLast.negate()).toList(),
        tars.stream()
            .filter(comesLast)
            .sorted((a, b) -> Boolean.compare(isLabel(a.key().name()), isLabel(b.key().name())))
            .toList());
  }

  private static boolean isControlFile(String tar) {
    return tar.startsWith("pg_control.tar");
  }

  private static boolean isLabel(String tar) {
    return tar.startsWith("backup_label.tar");
  }
}
