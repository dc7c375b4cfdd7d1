package io.pgbackup.verify;

import io.pgbackup.engine.format.BackupName;

/// Which base backups of a lineage are read, each with all that it stands on.
public sealed interface Selection {
  /// The one that finished last.
  record Newest() implements Selection {}

  record All() implements Selection {}

  record Named(BackupName name) implements Selection {}
}
