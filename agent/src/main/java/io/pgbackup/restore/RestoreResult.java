package io.pgbackup.restore;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Identity;
import java.nio.file.Path;
import java.util.Optional;

/// What a restore left.
///
/// @param backup the base backup it began with
/// @param identity of the lineage that begins; empty for a nameless copy. In place it is claimed,
///   and unprotected until its first base backup.
/// @param previous where the old data directory is kept for undo
/// @param running whether the server was started
public record RestoreResult(
    Path dataDirectory,
    BackupName backup,
    RecoveryOutcome outcome,
    Optional<Identity> identity,
    Optional<Path> previous,
    boolean running) {}
