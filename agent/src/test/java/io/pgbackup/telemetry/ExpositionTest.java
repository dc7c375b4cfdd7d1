package io.pgbackup.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ExpositionTest {
  private static final String LABELS = "{cluster=\"orders\",namespace=\"shop\",uid=\"0b8f\"}";
  private static final String RESULT =
      "{cluster=\"orders\",namespace=\"shop\",result=\"good\",uid=\"0b8f\"}";

  private enum Result {
    GOOD,
    BAD
  }

  private final AtomicReference<Readings> readings = new AtomicReference<>(readings());
  private final Exposition exposition = new Exposition(readings::get);

  private static Readings readings() {
    return new Readings("shop", "orders", "0b8f");
  }

  @Test
  void exposesEachMeterUnderItsExactName() {
    Readings all = readings();
    for (Meters meter : Meters.values()) {
      switch (meter.kind()) {
        case GAUGE, COUNTER -> all.put(meter, 7);
        case HISTOGRAM -> all.put(meter, "result", Map.of(Result.GOOD, Taken.NONE.plus(7)));
      }
    }
    readings.set(all);

    assertThat(
            exposition
                .scrape()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .filter(line -> !line.contains("_bucket{") && !line.contains("_count{"))
                .map(line -> line.replace(RESULT, LABELS)))
        .containsExactlyInAnyOrder(
            "pgbackup_wal_push_duration_seconds_sum" + LABELS + " 7.0",
            "pgbackup_wal_fetch_duration_seconds_sum" + LABELS + " 7.0",
            "pgbackup_backup_completed_total" + LABELS + " 7.0",
            "pgbackup_backup_last_failure_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_backup_consecutive_failures" + LABELS + " 7.0",
            "pgbackup_backup_progress_bytes" + LABELS + " 7.0",
            "pgbackup_backups" + LABELS + " 7.0",
            "pgbackup_backup_content_bytes" + LABELS + " 7.0",
            "pgbackup_backup_stored_bytes" + LABELS + " 7.0",
            "pgbackup_backup_duration_seconds" + LABELS + " 7.0",
            "pgbackup_wal_archive_command_ours" + LABELS + " 7.0",
            "pgbackup_wal_archived_files_total" + LABELS + " 7.0",
            "pgbackup_wal_archived_bytes_total" + LABELS + " 7.0",
            "pgbackup_wal_failed_total" + LABELS + " 7.0",
            "pgbackup_wal_last_archived_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_wal_ready_files" + LABELS + " 7.0",
            "pgbackup_wal_ready_oldest_age_seconds" + LABELS + " 7.0",
            "pgbackup_recovery_window_seconds" + LABELS + " 7.0",
            "pgbackup_lineage_claimed_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_lineage_conflict" + LABELS + " 7.0",
            "pgbackup_retention_window_seconds" + LABELS + " 7.0",
            "pgbackup_retention_next_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_retention_overdue_seconds" + LABELS + " 7.0",
            "pgbackup_agent_start_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_postgres_primary" + LABELS + " 7.0",
            "pgbackup_postgres_archiver_archived_total" + LABELS + " 7.0",
            "pgbackup_postgres_archiver_failed_total" + LABELS + " 7.0",
            "pgbackup_storage_requests_total" + LABELS + " 7.0",
            "pgbackup_storage_request_duration_seconds_sum" + LABELS + " 7.0",
            "pgbackup_storage_retries_total" + LABELS + " 7.0",
            "pgbackup_storage_bytes_total" + LABELS + " 7.0",
            "pgbackup_backup_last_success_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_backup_age_seconds" + LABELS + " 7.0",
            "pgbackup_backup_failures_total" + LABELS + " 7.0",
            "pgbackup_backup_running" + LABELS + " 7.0",
            "pgbackup_backup_next_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_backup_corrupt_pages" + LABELS + " 7.0",
            "pgbackup_backup_enabled" + LABELS + " 7.0",
            "pgbackup_wal_enabled" + LABELS + " 7.0",
            "pgbackup_wal_discarded_segments_total" + LABELS + " 7.0",
            "pgbackup_backup_overdue_seconds" + LABELS + " 7.0",
            "pgbackup_retention_unreadable_backups" + LABELS + " 7.0",
            "pgbackup_config_reload_success" + LABELS + " 7.0",
            "pgbackup_config_last_reload_success_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_drill_last_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_drill_passed" + LABELS + " 7.0",
            "pgbackup_drill_running" + LABELS + " 7.0",
            "pgbackup_drill_next_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_drill_overdue_seconds" + LABELS + " 7.0",
            "pgbackup_drill_rto_seconds" + LABELS + " 7.0",
            "pgbackup_drill_rpo_seconds" + LABELS + " 7.0",
            "pgbackup_wal_archive_lag_seconds" + LABELS + " 7.0",
            "pgbackup_wal_archive_lag_bytes" + LABELS + " 7.0",
            "pgbackup_wal_refused_total" + LABELS + " 7.0",
            "pgbackup_wal_gaps" + LABELS + " 7.0",
            "pgbackup_wal_outage_level" + LABELS + " 7.0",
            "pgbackup_wal_volume_free_bytes" + LABELS + " 7.0",
            "pgbackup_wal_volume_full_in_seconds" + LABELS + " 7.0",
            "pgbackup_wal_stream_connected" + LABELS + " 7.0",
            "pgbackup_wal_stream_gaps_total" + LABELS + " 7.0",
            "pgbackup_wal_stream_piece_bytes_total" + LABELS + " 7.0",
            "pgbackup_wal_stream_pieces_total" + LABELS + " 7.0",
            "pgbackup_wal_stream_stored_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_recovery_window_start_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_recovery_window_end_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_catalog_read_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_postgres_up" + LABELS + " 7.0",
            "pgbackup_storage_up" + LABELS + " 7.0",
            "pgbackup_retention_last_success_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_retention_deletable_bytes" + LABELS + " 7.0",
            "pgbackup_retention_leftover_bytes" + LABELS + " 7.0",
            "pgbackup_retention_kept_backups" + LABELS + " 7.0",
            "pgbackup_retention_deleted_objects_total" + LABELS + " 7.0",
            "pgbackup_walg_daemon_restarts_total" + LABELS + " 7.0",
            "pgbackup_walg_peak_memory_bytes" + LABELS + " 7.0",
            "pgbackup_credential_expiration_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_credential_issued_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_credential_expired" + LABELS + " 7.0",
            "pgbackup_broker_credential_expiration_timestamp_seconds" + LABELS + " 7.0",
            "pgbackup_broker_issue_failures_total" + LABELS + " 7.0");
  }

  @Test
  void saysWhatEachMeterMeansAndIs() {
    readings.set(readings().put(Meters.BACKUP_FAILURES, 2).put(Meters.WAL_GAPS, 0));

    assertThat(exposition.scrape())
        .contains(
            "# HELP pgbackup_backup_failures_total " + Meters.BACKUP_FAILURES.meaning(),
            "# TYPE pgbackup_backup_failures_total counter",
            "# TYPE pgbackup_wal_gaps gauge");
  }

  @Test
  void namesTheKindOfRequest() {
    readings.set(readings().put(Meters.STORAGE_UP, "list", 1).put(Meters.STORAGE_UP, "write", 0));

    assertThat(exposition.scrape())
        .contains(
            "pgbackup_storage_up{cluster=\"orders\",namespace=\"shop\",op=\"list\",uid=\"0b8f\"} 1.0",
            "pgbackup_storage_up{cluster=\"orders\",namespace=\"shop\",op=\"write\",uid=\"0b8f\"} 0.0");
  }

  @Test
  void countsDurationsInBucketsThatHoldTheSmallerOnes() {
    Timings<Result> timings = new Timings<>(Result.class);
    timings.add(Result.GOOD, 0.03);
    timings.add(Result.GOOD, 0.25);
    timings.add(Result.GOOD, 90);
    readings.set(readings().put(Meters.WAL_PUSH_DURATION, "result", timings.taken()));

    String name = "pgbackup_wal_push_duration_seconds";
    String labels = "cluster=\"orders\",namespace=\"shop\",result=\"good\",uid=\"0b8f\"";
    assertThat(exposition.scrape().lines())
        .contains(
            "# TYPE " + name + " histogram",
            "# HELP " + name + " " + Meters.WAL_PUSH_DURATION.meaning(),
            name + "_bucket{" + labels + ",le=\"0.01\"} 0",
            name + "_bucket{" + labels + ",le=\"0.03\"} 1",
            name + "_bucket{" + labels + ",le=\"0.1\"} 1",
            name + "_bucket{" + labels + ",le=\"0.3\"} 2",
            name + "_bucket{" + labels + ",le=\"30.0\"} 2",
            name + "_bucket{" + labels + ",le=\"+Inf\"} 3",
            name + "_count{" + labels + "} 3",
            name + "_sum{" + labels + "} 90.28")
        .noneMatch(line -> line.contains("bad"));
  }

  @Test
  void durationsTakeTheLabelsOfAnotherLineageToo() {
    Map<Result, Taken> ends = Map.of(Result.GOOD, Taken.NONE.plus(1));
    readings.set(readings().put(Meters.WAL_PUSH_DURATION, "result", ends));
    exposition.scrape();

    readings.set(
        new Readings("shop", "orders", "77aa").put(Meters.WAL_PUSH_DURATION, "result", ends));

    assertThat(exposition.scrape()).contains("uid=\"77aa\"").doesNotContain("0b8f");
  }

  @Test
  void showsInstantsInSeconds() {
    readings.set(
        readings().put(Meters.WINDOW_END, Optional.of(Instant.parse("2026-11-21T05:00:00.25Z"))));

    assertThat(exposition.scrape()).contains(LABELS + " 1.79523720025E9");
  }

  @Test
  void whatIsUnknownIsAbsentAlsoAfterItWasKnown() {
    readings.set(readings().put(Meters.WAL_GAPS, 1));
    assertThat(exposition.scrape()).contains("pgbackup_wal_gaps{");

    readings.set(readings().put(Meters.WINDOW_END, Optional.empty()));
    assertThat(exposition.scrape()).doesNotContain("pgbackup_");

    readings.set(readings().put(Meters.WAL_GAPS, 2));
    assertThat(exposition.scrape()).contains("pgbackup_wal_gaps" + LABELS + " 2.0");
  }

  @Test
  void anotherLineageTakesTheLabels() {
    readings.set(readings().put(Meters.BACKUP_FAILURES, 3));
    exposition.scrape();

    readings.set(new Readings("shop", "orders", "77aa").put(Meters.BACKUP_FAILURES, 0));

    assertThat(exposition.scrape().lines().filter(line -> !line.startsWith("#")))
        .containsExactly(
            "pgbackup_backup_failures_total{cluster=\"orders\",namespace=\"shop\",uid=\"77aa\"} 0.0");
  }
}
