package io.pgbackup.postgres.jdbc;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The two larger questions to the server, each with the reader of its row.
final class FactsQueries {
  // After a promotion pg_control names the old timeline until the next checkpoint, so a primary's
  // timeline comes from the name of the file it writes to.
  private static final String TIMELINE =
      """
      CASE WHEN pg_is_in_recovery()
        THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver), checkpoint.timeline_id)::text
        ELSE 'x' || left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline
      """;

  static final String FACTS =
      """
      SELECT current_setting('server_version_num')::int AS version,
        sys.system_identifier::text AS identifier,
        init.bytes_per_wal_segment AS segment_size,
        init.database_block_size AS block_size,
        init.blocks_per_segment AS blocks_per_file,
        pg_is_in_recovery() AS in_recovery,
        current_setting('data_directory') AS data_directory,
        current_setting('data_checksums') = 'on' AS checksums,
        current_setting('archive_mode') AS archive_mode,
        current_setting('archive_command') AS archive_command,
        coalesce(current_setting('archive_library', true), '') AS archive_library,
        (SELECT setting::int FROM pg_settings WHERE name = 'archive_timeout') AS archive_timeout,
      """
          + TIMELINE
          + " FROM pg_control_system() sys, pg_control_init() init,"
          + " pg_control_checkpoint() checkpoint";

  static final String MAY_READ_FILES =
      "SELECT has_function_privilege('pg_read_binary_file(text, bigint, bigint, boolean)',"
          + " 'EXECUTE')";

  // Only the archiver's own marks are read, never changed. A segment's mark is made when the
  // segment is finished. The names sort by position on one timeline.
  static final String ARCHIVER =
      """
      WITH ready AS (SELECT left(name, -6) AS name, modification
          FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'),
        wal AS (SELECT CASE WHEN pg_is_in_recovery()
          THEN coalesce(pg_last_wal_replay_lsn(), '0/0') ELSE pg_current_wal_lsn() END AS lsn)
      SELECT archiver.last_archived_wal, archiver.last_archived_time,
        archiver.last_failed_wal, archiver.last_failed_time, archiver.failed_count,
        archiver.archived_count,
        wal.lsn::text AS lsn, clock_timestamp() AS now,
        (SELECT count(*) FROM ready) AS waiting,
        oldest.name AS oldest, oldest.modification AS oldest_since,
        init.bytes_per_wal_segment AS segment_size,
      """
          + TIMELINE
          + """
             FROM pg_stat_archiver archiver CROSS JOIN wal CROSS JOIN pg_control_init() init
            CROSS JOIN pg_control_checkpoint() checkpoint
            LEFT JOIN LATERAL (SELECT * FROM ready WHERE name ~ '^[0-9A-F]{24}$'
              ORDER BY name COLLATE "C" LIMIT 1) oldest ON true
            """;

  private FactsQueries() {}

  static ServerFacts facts(ResultSet row) throws SQLException {
    return new ServerFacts(
        new ServerVersion(row.getInt("version")),
        new SystemIdentifier(Long.parseLong(row.getString("identifier"))),
        new WalSegmentSize(row.getInt("segment_size")),
        timeline(row),
        row.getBoolean("in_recovery"),
        Path.of(row.getString("data_directory")),
        row.getBoolean("checksums"),
        row.getString("archive_mode"),
        row.getString("archive_command"),
        row.getString("archive_library"),
        Duration.ofSeconds(row.getInt("archive_timeout")),
        row.getInt("block_size"),
        row.getInt("blocks_per_file"));
  }

  static ArchiverStats archiver(ResultSet row) throws SQLException {
    WalSegmentSize size = new WalSegmentSize(row.getInt("segment_size"));
    Lsn lsn = Lsn.parse(row.getString("lsn"));
    @Nullable String oldest = row.getString("oldest");
    return new ArchiverStats(
        attempt(row, "last_archived"),
        attempt(row, "last_failed"),
        row.getLong("archived_count"),
        row.getLong("failed_count"),
        lsn,
        WalSegment.containing(timeline(row), lsn, size),
        oldest == null
            ? Optional.empty()
            : Optional.of(
                new ArchiverStats.Waiting(
                    WalSegment.parse(oldest, size),
                    row.getObject("oldest_since", OffsetDateTime.class).toInstant())),
        row.getLong("waiting"),
        row.getObject("now", OffsetDateTime.class).toInstant());
  }

  private static Optional<ArchiverStats.Attempt> attempt(ResultSet row, String name)
      throws SQLException {
    @Nullable String file = row.getString(name + "_wal");
    return file == null
        ? Optional.empty()
        : Optional.of(
            new ArchiverStats.Attempt(
                file, row.getObject(name + "_time", OffsetDateTime.class).toInstant()));
  }

  /// Decimal from the control file and the receiver, hexadecimal behind an `x` from a file name.
  private static Timeline timeline(ResultSet row) throws SQLException {
    String text = row.getString("timeline");
    return text.startsWith("x")
        ? Timeline.parseHex(text.substring(1))
        : new Timeline(Long.parseLong(text));
  }
}
