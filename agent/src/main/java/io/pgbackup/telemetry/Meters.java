package io.pgbackup.telemetry;

/// Every meter there is. The names are a contract with alerts and dashboards: one that is here
/// keeps its name, unit and meaning.
public enum Meters {
  BACKUP_LAST_SUCCESS(
      "pgbackup_backup_last_success_timestamp_seconds",
      Kind.GAUGE,
      "When the newest base backup finished, by the database server's clock"),
  BACKUP_AGE(
      "pgbackup_backup_age_seconds", Kind.GAUGE, "How long ago the newest base backup finished"),
  BACKUP_FAILURES(
      "pgbackup_backup_failures_total",
      Kind.COUNTER,
      "Base backups that failed since the agent started"),
  BACKUP_COMPLETED(
      "pgbackup_backup_completed_total",
      Kind.COUNTER,
      "Base backups that this agent completed since it started"),
  BACKUP_LAST_FAILURE(
      "pgbackup_backup_last_failure_timestamp_seconds",
      Kind.GAUGE,
      "When a base backup of this agent last failed, since it started"),
  BACKUP_FAILED_IN_A_ROW(
      "pgbackup_backup_consecutive_failures",
      Kind.GAUGE,
      "How many base backups of this agent failed since its last one that completed"),
  BACKUP_RUNNING(
      "pgbackup_backup_running", Kind.GAUGE, "1 while a base backup of this agent is under way"),
  BACKUP_PROGRESS(
      "pgbackup_backup_progress_bytes",
      Kind.GAUGE,
      "What the base backup that is under way has read; absent where none is. pgbackup_backup_content_bytes is what to expect"),
  BACKUP_NEXT(
      "pgbackup_backup_next_timestamp_seconds",
      Kind.GAUGE,
      "When the schedule starts the next base backup"),
  BACKUP_OVERDUE(
      "pgbackup_backup_overdue_seconds",
      Kind.GAUGE,
      "How long ago the schedule first came after the newest base backup finished; 0 where it has"
          + " not"),
  BACKUPS("pgbackup_backups", Kind.GAUGE, "Base backups in the archive"),
  BACKUP_CONTENT(
      "pgbackup_backup_content_bytes",
      Kind.GAUGE,
      "Size of the newest base backup before compression"),
  BACKUP_STORED(
      "pgbackup_backup_stored_bytes", Kind.GAUGE, "What the newest base backup takes in the store"),
  BACKUP_DURATION(
      "pgbackup_backup_duration_seconds",
      Kind.GAUGE,
      "How long the newest base backup took, by the database server's clock"),
  BACKUP_CORRUPT_PAGES(
      "pgbackup_backup_corrupt_pages",
      Kind.GAUGE,
      "Pages in the newest base backup whose checksum did not hold; absent where nobody looked:"
          + " without data_checksums, and with the engine wal-g where none was found"),
  BACKUP_ENABLED(
      "pgbackup_backup_enabled",
      Kind.GAUGE,
      "Whether base backups are taken by schedule: 0 with backup.enabled: false"),
  WAL_ENABLED(
      "pgbackup_wal_enabled", Kind.GAUGE, "Whether WAL is stored: 0 with wal.enabled: false"),
  WAL_DISCARDED(
      "pgbackup_wal_discarded_segments_total",
      Kind.COUNTER,
      "WAL segments answered as stored and let go since the agent started, because wal.enabled is"
          + " false"),
  WAL_COMMAND_OURS(
      "pgbackup_wal_archive_command_ours",
      Kind.GAUGE,
      "1 where PostgreSQL hands its WAL to this agent, 0 where it goes elsewhere or may get lost; absent where that cannot be told, and where the server is not to archive"),
  WAL_ARCHIVED(
      "pgbackup_wal_archived_files_total",
      Kind.COUNTER,
      "WAL files that the store confirmed since the agent started"),
  WAL_ARCHIVED_BYTES(
      "pgbackup_wal_archived_bytes_total", Kind.COUNTER, "Their size before compression"),
  WAL_FAILED(
      "pgbackup_wal_failed_total",
      Kind.COUNTER,
      "WAL files that were not stored when PostgreSQL asked for it, since the agent started; it asks again"),
  WAL_PUSH_DURATION(
      "pgbackup_wal_push_duration_seconds",
      Kind.HISTOGRAM,
      "How long it took from a WAL file's arrival until it was stored or was not, all attempts together, by result: stored, failed, refused"),
  WAL_FETCH_DURATION(
      "pgbackup_wal_fetch_duration_seconds",
      Kind.HISTOGRAM,
      "How long it took until a WAL file that was asked for was there or was not, all attempts together, by result: ahead (it was fetched before anybody asked), fetched, absent (the archive has none), failed"),
  WAL_LAST_ARCHIVED(
      "pgbackup_wal_last_archived_timestamp_seconds",
      Kind.GAUGE,
      "When the store last confirmed a WAL file to this agent"),
  WAL_READY(
      "pgbackup_wal_ready_files",
      Kind.GAUGE,
      "Finished WAL files that PostgreSQL has marked for archiving and not archived"),
  WAL_READY_AGE(
      "pgbackup_wal_ready_oldest_age_seconds",
      Kind.GAUGE,
      "How long the oldest segment among them has waited; 0 where none does"),
  WAL_LAG_SECONDS(
      "pgbackup_wal_archive_lag_seconds",
      Kind.GAUGE,
      "How long the oldest finished WAL segment has been missing from the store, or with wal.source:"
          + " stream the oldest byte; 0 where none is"),
  WAL_LAG_BYTES(
      "pgbackup_wal_archive_lag_bytes",
      Kind.GAUGE,
      "WAL between the newest segment in the store, or the newest streamed byte, and the end of WAL"
          + " in the database"),
  STREAM_CONNECTED(
      "pgbackup_wal_stream_connected",
      Kind.GAUGE,
      "1 while the server streams WAL to the agent, 0 while it does not; only with wal.source:"
          + " stream"),
  STREAM_STORED(
      "pgbackup_wal_stream_stored_timestamp_seconds",
      Kind.GAUGE,
      "When the store last confirmed streamed WAL; an idle server writes none"),
  STREAM_PIECES(
      "pgbackup_wal_stream_pieces_total",
      Kind.COUNTER,
      "Pieces of unfinished WAL segments stored since the agent started"),
  STREAM_PIECE_BYTES(
      "pgbackup_wal_stream_piece_bytes_total",
      Kind.COUNTER,
      "WAL in pieces of unfinished segments stored since the agent started, before compression"),
  STREAM_GAPS(
      "pgbackup_wal_stream_gaps_total",
      Kind.COUNTER,
      "How often since the agent started the server had removed WAL before it was streamed"),
  WAL_OUTAGE_LEVEL(
      "pgbackup_wal_outage_level",
      Kind.GAUGE,
      "0 while WAL reaches the store, 1 while finished WAL waits, 2 where it also fills its volume"
          + " within the hour; absent while it is not known how much waits, unless it was 1 or 2 when"
          + " the server stopped answering"),
  WAL_VOLUME_FREE(
      "pgbackup_wal_volume_free_bytes",
      Kind.GAUGE,
      "Room on the volume of pg_wal; absent where the agent cannot see it"),
  WAL_VOLUME_FULL(
      "pgbackup_wal_volume_full_in_seconds",
      Kind.GAUGE,
      "How long that room lasts at the rate at which waiting WAL grew lately; absent where it does"
          + " not grow"),
  WAL_REFUSED(
      "pgbackup_wal_refused_total",
      Kind.COUNTER,
      "WAL files refused since the agent started because taking them could mix or overwrite"
          + " histories"),
  WAL_GAPS(
      "pgbackup_wal_gaps",
      Kind.GAUGE,
      "Runs of missing segments between the oldest base backup and the newest segment, by state:"
          + " open (no base backup begins behind it), closed (one does), acknowledged, let-go (with"
          + " wal.enabled: false), expired (by the retention rules)"),
  WINDOW_START(
      "pgbackup_recovery_window_start_timestamp_seconds",
      Kind.GAUGE,
      "The first instant of the newest recovery window"),
  WINDOW_END(
      "pgbackup_recovery_window_end_timestamp_seconds",
      Kind.GAUGE,
      "The end, exclusive, of the newest recovery window: the last commit in the archive"),
  WINDOW_LENGTH(
      "pgbackup_recovery_window_seconds",
      Kind.GAUGE,
      "From the start to the end of the newest recovery window"),
  LINEAGE_CLAIMED(
      "pgbackup_lineage_claimed_timestamp_seconds",
      Kind.GAUGE,
      "When the lineage was begun here: nothing can be restored from before"),
  LINEAGE_CONFLICT(
      "pgbackup_lineage_conflict",
      Kind.GAUGE,
      "1 while the agent refuses because the data, or the folder in the store, are another's"),
  CATALOG_READ(
      "pgbackup_catalog_read_timestamp_seconds",
      Kind.GAUGE,
      "When the archive was last listed; backups, windows and gaps are as of then"),
  RETENTION_WINDOW(
      "pgbackup_retention_window_seconds",
      Kind.GAUGE,
      "How far back every instant is to stay restorable: retention.window"),
  RETENTION_NEXT(
      "pgbackup_retention_next_timestamp_seconds",
      Kind.GAUGE,
      "When the schedule applies the retention rules next; absent where a job does"),
  RETENTION_OVERDUE(
      "pgbackup_retention_overdue_seconds",
      Kind.GAUGE,
      "How long ago the schedule came for which the retention rules are not applied to their end; 0 where they are, absent where a job applies them"),
  RETENTION_LAST_SUCCESS(
      "pgbackup_retention_last_success_timestamp_seconds",
      Kind.GAUGE,
      "When this agent last applied the retention rules to their end"),
  RETENTION_DELETABLE(
      "pgbackup_retention_deletable_bytes",
      Kind.GAUGE,
      "Bytes that the retention rules let go and that are still there, as of the last look"),
  RETENTION_LEFTOVER(
      "pgbackup_retention_leftover_bytes",
      Kind.GAUGE,
      "Bytes of base backups that were never finished, as of the last look"),
  RETENTION_KEPT(
      "pgbackup_retention_kept_backups",
      Kind.GAUGE,
      "Base backups that the retention rules keep, as of the last look"),
  RETENTION_UNREADABLE(
      "pgbackup_retention_unreadable_backups",
      Kind.GAUGE,
      "Base backups whose sentinel cannot be read, so that all WAL since stays, as of the last look"),
  RETENTION_DELETED(
      "pgbackup_retention_deleted_objects_total",
      Kind.COUNTER,
      "Objects that this agent deleted by the retention rules since it started"),
  DRILL_LAST(
      "pgbackup_drill_last_timestamp_seconds",
      Kind.GAUGE,
      "When the newest drill began whose verdict is stored; absent where there is none"),
  DRILL_PASSED(
      "pgbackup_drill_passed", Kind.GAUGE, "1 where the newest drill passed, 0 where it failed"),
  DRILL_RUNNING(
      "pgbackup_drill_running",
      Kind.GAUGE,
      "1 while a drill of this agent is under way; absent where drill.enabled is false"),
  DRILL_NEXT(
      "pgbackup_drill_next_timestamp_seconds",
      Kind.GAUGE,
      "When the schedule starts the next drill of this agent"),
  DRILL_OVERDUE(
      "pgbackup_drill_overdue_seconds",
      Kind.GAUGE,
      "How long ago the schedule came that no drill has followed; 0 where one has, absent where"
          + " drill.enabled is false"),
  DRILL_RTO(
      "pgbackup_drill_rto_seconds",
      Kind.GAUGE,
      "How long the newest drill took until the restored server accepted connections"),
  DRILL_RPO(
      "pgbackup_drill_rpo_seconds",
      Kind.GAUGE,
      "From the last commit that could be restored to the beginning of the newest drill"),
  WALG_RESTARTS(
      "pgbackup_walg_daemon_restarts_total",
      Kind.COUNTER,
      "How often a wal-g daemon was started again because it died or hung; only with the engine"
          + " wal-g"),
  WALG_MEMORY(
      "pgbackup_walg_peak_memory_bytes",
      Kind.GAUGE,
      "The greatest memory of a single wal-g process so far, sampled; only with the engine wal-g"),
  CREDENTIAL_EXPIRATION(
      "pgbackup_credential_expiration_timestamp_seconds",
      Kind.GAUGE,
      "When the store stops accepting the credential that is used, with its role"),
  CREDENTIAL_ISSUED(
      "pgbackup_credential_issued_timestamp_seconds",
      Kind.GAUGE,
      "When the credential that is used was issued, by the broker's clock, with its role"),
  CREDENTIAL_EXPIRED(
      "pgbackup_credential_expired",
      Kind.GAUGE,
      "1 while the credential is past its time, or the store refuses it as unknown; WAL waits in"
          + " PostgreSQL"),
  AGENT_START(
      "pgbackup_agent_start_timestamp_seconds",
      Kind.GAUGE,
      "When the agent was started, with its version"),
  CONFIG_RELOAD_SUCCESS(
      "pgbackup_config_reload_success",
      Kind.GAUGE,
      "1 while the configuration file as it stands is in force, 0 while a change of it is refused"),
  CONFIG_LOADED(
      "pgbackup_config_last_reload_success_timestamp_seconds",
      Kind.GAUGE,
      "When the configuration in force was read"),
  POSTGRES_UP(
      "pgbackup_postgres_up",
      Kind.GAUGE,
      "Whether PostgreSQL answered when it was last asked; what is behind it is unknown otherwise"),
  POSTGRES_PRIMARY(
      "pgbackup_postgres_primary",
      Kind.GAUGE,
      "1 for a primary, 0 for a standby; absent while the server does not answer"),
  ARCHIVER_ARCHIVED(
      "pgbackup_postgres_archiver_archived_total",
      Kind.COUNTER,
      "Files that PostgreSQL's archiver calls archived, as pg_stat_archiver counts"),
  ARCHIVER_FAILED(
      "pgbackup_postgres_archiver_failed_total",
      Kind.COUNTER,
      "Attempts of PostgreSQL's archiver that failed, as pg_stat_archiver counts"),
  STORAGE_UP(
      "pgbackup_storage_up",
      Kind.GAUGE,
      "Whether the last request of this kind (op: list, read, write) was answered by the store"),
  STORAGE_REQUESTS(
      "pgbackup_storage_requests_total",
      Kind.COUNTER,
      "Requests to the store since the agent started, by kind (op: list, read, write) and outcome (answered, failed), each after the attempts that it is given"),
  STORAGE_REQUEST_DURATION(
      "pgbackup_storage_request_duration_seconds",
      Kind.HISTOGRAM,
      "How long it took from sending a request to the store until its answer began, by kind (op: list, read, write, delete), each attempt by itself, those without an answer left out; only with s3://"),
  STORAGE_RETRIES(
      "pgbackup_storage_retries_total",
      Kind.COUNTER,
      "Requests that the store's client sent again at once since the agent started, by reason: unanswered (the connection broke, or time was up), throttled (429 or 503), failed (another answer); only with s3://"),
  STORAGE_BYTES(
      "pgbackup_storage_bytes_total",
      Kind.COUNTER,
      "Bytes of objects that passed between the agent and the store since it started, by direction: sent (what was sent again counted once), read"),
  BROKER_EXPIRATION(
      "pgbackup_broker_credential_expiration_timestamp_seconds",
      Kind.GAUGE,
      "When the credential in use ends; only from `credentials serve`"),
  BROKER_FAILURES(
      "pgbackup_broker_issue_failures_total",
      Kind.COUNTER,
      "Attempts to renew a credential that failed since the start; only from `credentials serve`");

  enum Kind {
    GAUGE,
    COUNTER,
    HISTOGRAM
  }

  private final String exposedName;
  private final Kind kind;
  private final String meaning;

  Meters(String exposedName, Kind kind, String meaning) {
    this.exposedName = exposedName;
    this.kind = kind;
    this.meaning = meaning;
  }

  /// The name as Prometheus shows it; its last word is the unit.
  public String exposedName() {
    return exposedName;
  }

  public String meaning() {
    return meaning;
  }

  Kind kind() {
    return kind;
  }
}
