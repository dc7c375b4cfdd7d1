package io.pgbackup.engine.format;

import io.pgbackup.postgres.Lsn;

/// What a delta backup stands on.
///
/// @param lsn the parent's start position: pages changed at or after it are in the delta
/// @param parent the direct parent
/// @param full the full backup at the end of the chain
/// @param count steps from the full backup, 1 for the first delta on it
public record DeltaOrigin(Lsn lsn, BackupName parent, BackupName full, int count) {}
