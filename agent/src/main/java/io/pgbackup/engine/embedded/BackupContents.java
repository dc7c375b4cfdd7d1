package io.pgbackup.engine.embedded;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.FilesMetadata;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.store.StoredObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the archive says that a backup consists of, before any part is read.
///
/// @param parts tars in any order
/// @param last tars that come one after the other when all parts are there: what they hold counts
/// @param files the names to extract
/// @param manifest files by path, for a backup of ours
record BackupContents(
    BackupName name,
    List<StoredObject> parts,
    List<StoredObject> last,
    FilesMetadata files,
    Optional<Map<String, ManifestFile>> manifest) {}
