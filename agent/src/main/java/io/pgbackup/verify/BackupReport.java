package io.pgbackup.verify;

import io.pgbackup.engine.format.BackupName;
import java.util.List;

/// What reading one base backup showed.
///
/// @param manifest whether each file was compared with our manifest; otherwise only the codecs, the
///   tars' own structure and WAL-G's lists tell
/// @param tars that were read to their end
/// @param files in them
/// @param bytes of their content
/// @param notes what a person may want to know and is no fault
public record BackupReport(
    BackupName name,
    boolean manifest,
    int tars,
    long files,
    long bytes,
    List<Fault> faults,
    List<String> notes) {
  public BackupReport {
    faults = List.copyOf(faults);
    notes = List.copyOf(notes);
  }

  public boolean isSound() {
    return faults.isEmpty();
  }
}
