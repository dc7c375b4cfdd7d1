package io.pgbackup.restore;

/// Sentences that end the hints of restores that were cut off.
final class RestoreFailures {
  static final String RESUME =
      "Run the same command again: it goes on where it stopped; 'pgbackup undo' discards it.";
  static final String DISCARD = "'pgbackup undo' discards this restore.";

  /// What damaged WAL leaves.
  static final String BEFORE_THE_DAMAGE =
      "Restore to an earlier --timestamp, before the damage; a base backup taken after it reaches"
          + " what came later.";

  private RestoreFailures() {}
}
