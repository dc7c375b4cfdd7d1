package io.pgbackup.catalog;

import io.pgbackup.catalog.ArchiveSurvey.UnreadableBackup;
import io.pgbackup.store.StoredObject;
import java.util.List;

/// The base backups of an archive, and every object of theirs. Immutable.
///
/// @param backups that could be read, oldest finish first
/// @param withdrawn those that could be read too, and that nobody may restore: they failed a proof
/// @param unreadable those that could not
/// @param objects all that lies there, of unfinished ones too
public record BackupSurvey(
    List<BaseBackup> backups,
    List<BaseBackup> withdrawn,
    List<UnreadableBackup> unreadable,
    List<StoredObject> objects) {
  public BackupSurvey {
    backups = List.copyOf(backups);
    withdrawn = List.copyOf(withdrawn);
    unreadable = List.copyOf(unreadable);
    objects = List.copyOf(objects);
  }
}
