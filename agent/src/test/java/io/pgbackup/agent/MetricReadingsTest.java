package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.telemetry.Exposition;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MetricReadingsTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_000_000);
  private static final StatusSnapshot NOTHING_KNOWN =
      new StatusSnapshot(
          NOW,
          "1",
          new StatusSnapshot.Cluster("shop", "orders"),
          Optional.empty(),
          Optional.empty(),
          new StatusSnapshot.Server(
              false,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty()),
          new StatusSnapshot.Storage("s3://backups", Map.of()),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          List.of(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          new StatusSnapshot.Archive(
              true,
              "/archive.sock",
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              0,
              0,
              0,
              0,
              Optional.empty(),
              Optional.empty()),
          new StatusSnapshot.Schedule(true, "0 2 * * *", "UTC", Optional.empty()),
          Optional.empty(),
          List.of(),
          Optional.empty(),
          Optional.empty());

  private static StatusSnapshot known() {
    return known("0 2 * * *");
  }

  private static StatusSnapshot known(String crontab) {
    return new StatusSnapshot(
        NOW,
        "1",
        NOTHING_KNOWN.cluster(),
        Optional.of("0b8f"),
        Optional.of("pgbackup/shop/orders/0b8f/18"),
        NOTHING_KNOWN.server(),
        new StatusSnapshot.Storage(
            "s3://backups",
            Map.of("list", true, "write", false),
            Optional.of(
                new StatusSnapshot.Credential(
                    Optional.of("archiver"),
                    Optional.of(NOW.minusSeconds(600)),
                    Optional.of(NOW.plusSeconds(300)),
                    true))),
        Optional.empty(),
        Optional.of(1),
        Optional.of(
            new StatusSnapshot.Backup(
                "base_000000010000000000000002",
                NOW.minusSeconds(90),
                NOW.minusSeconds(60),
                "0/2000028",
                "0/2000120",
                1,
                2,
                1)),
        Optional.empty(),
        Optional.empty(),
        List.of(
            new StatusSnapshot.Window(NOW.minusSeconds(900), NOW.minusSeconds(800), "a", 1),
            new StatusSnapshot.Window(NOW.minusSeconds(60), NOW.minusSeconds(5), "b", 1)),
        List.of(
            new StatusSnapshot.Gap("000000010000000000000001", "000000010000000000000001", "open"),
            new StatusSnapshot.Gap(
                "000000010000000000000003", "000000010000000000000004", "let-go")),
        Optional.of(NOW.minusSeconds(5)),
        Optional.empty(),
        Optional.of(NOW.minusSeconds(3)),
        new StatusSnapshot.Archive(
            true,
            "/archive.sock",
            Optional.of(2.5),
            Optional.of(4096L),
            Optional.empty(),
            Optional.empty(),
            9,
            0,
            1,
            3,
            Optional.of(
                new StatusSnapshot.Outage(
                    "critical", NOW.minusSeconds(10), Optional.of(4096L), Optional.of(900L))),
            Optional.empty()),
        new StatusSnapshot.Schedule(true, crontab, "UTC", Optional.of(NOW.plusSeconds(60))),
        Optional.of(
            new StatusSnapshot.Configuration(NOW.minusSeconds(100), Optional.of("it is broken"))),
        List.of(),
        Optional.empty(),
        Optional.empty());
  }

  private static List<String> lines(StatusSnapshot status, Optional<Boolean> answered) {
    return new Exposition(() -> MetricReadings.of(status, answered))
        .scrape()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .sorted()
        .toList();
  }

  /// P79.
  @Test
  void whatIsNotKnownIsAbsent() {
    String labels = "{cluster=\"orders\",namespace=\"shop\",uid=\"\"}";

    assertThat(lines(NOTHING_KNOWN, Optional.empty()))
        .containsExactly(
            "pgbackup_backup_enabled" + labels + " 1.0",
            "pgbackup_backup_running" + labels + " 0.0",
            "pgbackup_lineage_conflict" + labels + " 0.0",
            "pgbackup_wal_discarded_segments_total" + labels + " 0.0",
            "pgbackup_wal_enabled" + labels + " 1.0",
            "pgbackup_wal_refused_total" + labels + " 0.0");
  }

  /// P83.
  @Test
  void showsTheNewestWindowAndTheAgeOfTheNewestBackup() {
    String labels = "{cluster=\"orders\",namespace=\"shop\",uid=\"0b8f\"}";
    String role = "{cluster=\"orders\",namespace=\"shop\",role=\"archiver\",uid=\"0b8f\"}";
    String storage = "{cluster=\"orders\",namespace=\"shop\",op=\"%s\",uid=\"0b8f\"}";
    String gaps = "{cluster=\"orders\",namespace=\"shop\",state=\"%s\",uid=\"0b8f\"}";

    assertThat(lines(known(), Optional.of(true)))
        .containsExactlyInAnyOrder(
            "pgbackup_backup_age_seconds" + labels + " 60.0",
            "pgbackup_backup_content_bytes" + labels + " 2.0",
            "pgbackup_backup_duration_seconds" + labels + " 30.0",
            "pgbackup_backup_stored_bytes" + labels + " 1.0",
            "pgbackup_backups" + labels + " 1.0",
            "pgbackup_lineage_conflict" + labels + " 0.0",
            "pgbackup_recovery_window_seconds" + labels + " 55.0",
            "pgbackup_backup_enabled" + labels + " 1.0",
            "pgbackup_config_last_reload_success_timestamp_seconds" + labels + " 999900.0",
            "pgbackup_config_reload_success" + labels + " 0.0",
            "pgbackup_wal_discarded_segments_total" + labels + " 3.0",
            "pgbackup_wal_enabled" + labels + " 1.0",
            "pgbackup_backup_last_success_timestamp_seconds" + labels + " 999940.0",
            "pgbackup_backup_next_timestamp_seconds" + labels + " 1000060.0",
            "pgbackup_backup_overdue_seconds" + labels + " 0.0",
            "pgbackup_backup_running" + labels + " 0.0",
            "pgbackup_catalog_read_timestamp_seconds" + labels + " 999997.0",
            "pgbackup_credential_expiration_timestamp_seconds" + role + " 1000300.0",
            "pgbackup_credential_expired" + labels + " 1.0",
            "pgbackup_credential_issued_timestamp_seconds" + role + " 999400.0",
            "pgbackup_postgres_up" + labels + " 1.0",
            "pgbackup_recovery_window_end_timestamp_seconds" + labels + " 999995.0",
            "pgbackup_recovery_window_start_timestamp_seconds" + labels + " 999940.0",
            "pgbackup_storage_up" + storage.formatted("list") + " 1.0",
            "pgbackup_storage_up" + storage.formatted("write") + " 0.0",
            "pgbackup_wal_archive_lag_bytes" + labels + " 4096.0",
            "pgbackup_wal_archive_lag_seconds" + labels + " 2.5",
            "pgbackup_wal_gaps" + gaps.formatted("acknowledged") + " 0.0",
            "pgbackup_wal_gaps" + gaps.formatted("closed") + " 0.0",
            "pgbackup_wal_gaps" + gaps.formatted("expired") + " 0.0",
            "pgbackup_wal_gaps" + gaps.formatted("let-go") + " 1.0",
            "pgbackup_wal_gaps" + gaps.formatted("open") + " 1.0",
            "pgbackup_wal_outage_level" + labels + " 2.0",
            "pgbackup_wal_refused_total" + labels + " 1.0",
            "pgbackup_wal_volume_free_bytes" + labels + " 4096.0",
            "pgbackup_wal_volume_full_in_seconds" + labels + " 900.0");
  }

  @Test
  void aBaseBackupIsOverdueSinceTheScheduleCameFirst() {
    assertThat(overdue("0 2 * * *")).isZero();
    // at 13:46, with one that finished a minute ago
    assertThat(overdue("46 * * * *")).isEqualTo(40);
    assertThat(overdue("* * * * *")).isEqualTo(40);
  }

  private static double overdue(String crontab) {
    return lines(known(crontab), Optional.of(true)).stream()
        .filter(line -> line.startsWith("pgbackup_backup_overdue_seconds"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElseThrow();
  }
}
