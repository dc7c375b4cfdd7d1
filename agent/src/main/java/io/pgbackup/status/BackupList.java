package io.pgbackup.status;

import java.util.List;

/// What `GET /api/v1/backups` answers.
///
/// @param backups all that the archive holds, the newest first
public record BackupList(List<StatusSnapshot.Backup> backups) {}
