package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig.BackupConfig;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LineageSessionTest {
  private static final BackupConfig BACKUP =
      new ConfigLoader(Map.of())
          .parse(
              "test",
              """
              cluster: { name: orders }
              storage: { url: s3://backups }
              backup: { maxRate: 50MiB, maxRateHours: 08:00-20:00, timeZone: Europe/Berlin }
              """)
          .backup();

  /// P92: an hour earlier in UTC.
  @ParameterizedTest
  @CsvSource({"06:59, 0", "07:00, 50", "18:59, 50", "19:00, 0"})
  void baseBackupsAreSlowedInTheirHoursByTheirTimeZone(String time, long mebibytes) {
    Clock clock = Clock.fixed(Instant.parse("2026-11-21T%s:00Z".formatted(time)), ZoneOffset.UTC);

    assertThat(LineageSession.throttle(BACKUP, clock).bytesPerSecond()).isEqualTo(mebibytes << 20);
  }
}
