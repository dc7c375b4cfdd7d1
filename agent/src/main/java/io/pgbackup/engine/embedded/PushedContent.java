package io.pgbackup.engine.embedded;

import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.format.TablespaceSpec;
import io.pgbackup.postgres.jdbc.BackupStop;
import java.util.List;
import java.util.Optional;

/// All tar objects of a backup stand; what is to be said of them.
///
/// @param files regular files of the data directory
/// @param content bytes of tar members
/// @param stored bytes of tar objects
/// @param corruptFiles empty also where the server has no page checksums
record PushedContent(
    BackupStop stop,
    Optional<TablespaceSpec> tablespaces,
    long files,
    long content,
    long stored,
    List<CorruptFile> corruptFiles) {}
