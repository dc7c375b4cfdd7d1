package io.pgbackup.verify;

import java.util.List;

/// What reading WAL showed.
///
/// @param wanted segments that the backups, and the window behind them, need
/// @param read those of them that were there
/// @param onward whether it was read to the newest segment, and not only what makes the backups
///   consistent
/// @param notes what a person may want to know and is no fault
public record WalReport(
    int wanted, int read, boolean onward, List<Fault> faults, List<String> notes) {
  public WalReport {
    notes = List.copyOf(notes);
    faults = List.copyOf(faults);
  }

  public boolean isSound() {
    return faults.isEmpty();
  }
}
