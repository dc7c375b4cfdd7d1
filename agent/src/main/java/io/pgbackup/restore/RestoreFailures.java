package io.pgbackup.restore;

/// Sentences that end the hints of restores that were cut off.
final class RestoreFailures {
  static final String RESUME =
      "Run the same command again: it goes on where it stopped; 'pgbackup undo' discards it.";
  static final String DISCARD = "'pgbackup undo' discards this restore.";

  private RestoreFailures() {}
}
