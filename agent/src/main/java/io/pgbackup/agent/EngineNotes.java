package io.pgbackup.agent;

import java.util.ArrayList;
import java.util.List;

/// What a choice of engines lacks and gives, in sentences; docs/engines.md has the whole table.
final class EngineNotes {
  private EngineNotes() {}

  /// @param backups whether wal-g takes base backups
  /// @param wal whether wal-g carries WAL
  /// @param directory whether the store is one
  static List<String> of(boolean backups, boolean wal, boolean directory) {
    List<String> notes = new ArrayList<>();
    if (backups) {
      notes.add(
          "Base backups by wal-g have no manifest to compare a restore with; damaged pages are"
              + " known to the agent that had it taken, until that is started again; its objects replace what stands there; its sentinel stands"
              + " before the WAL is proved, and before it is seen that they are encrypted.");
    }
    if (wal) {
      notes.add(
          "WAL by wal-g carries no digest, so a file that is sent again is read back to be compared"
              + (directory ? "; in a directory it looks first and then writes." : "."));
    }
    if (backups || wal) {
      notes.add("In return you run the wal-g that you know, with all that it can do.");
    }
    return notes;
  }
}
