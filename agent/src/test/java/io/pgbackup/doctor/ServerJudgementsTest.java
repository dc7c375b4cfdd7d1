package io.pgbackup.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import io.pgbackup.postgres.jdbc.ArchiverStats.Attempt;
import io.pgbackup.postgres.jdbc.ArchiverStats.Waiting;
import io.pgbackup.postgres.jdbc.ServerHealth;
import io.pgbackup.postgres.jdbc.ServerHealth.Slot;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerJudgementsTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final WalSegment SEGMENT =
      WalSegment.parse("000000010000000000000005", new WalSegmentSize(16 << 20));

  private static String kind(Outcome outcome) {
    return outcome.getClass().getSimpleName();
  }

  @ParameterizedTest
  @CsvSource({"130000, Fail", "140000, Pass", "180004, Pass", "190000, Warn"})
  void knowsTheVersionsItWasTestedWith(int version, String kind) {
    assertThat(kind(ServerJudgements.version(new ServerVersion(version)))).isEqualTo(kind);
  }

  @ParameterizedTest
  @CsvSource({"0, Warn", "60, Pass", "3600, Pass", "7200, Warn"})
  void whatALostServerTakesAlong(int seconds, String kind) {
    assertThat(kind(ServerJudgements.archiveTimeout(Duration.ofSeconds(seconds)))).isEqualTo(kind);
  }

  @Test
  void walLevelMinimalCannotBeRestored() {
    assertThat(kind(ServerJudgements.walLevel("minimal"))).isEqualTo("Fail");
    assertThat(kind(ServerJudgements.walLevel("logical"))).isEqualTo("Pass");
  }

  private static ArchiverStats stats(
      Optional<Instant> archived, Optional<Instant> failed, Optional<Instant> waiting) {
    return new ArchiverStats(
        archived.map(at -> new Attempt("000000010000000000000004", at)),
        failed.map(at -> new Attempt("000000010000000000000005", at)),
        archived.isPresent() ? 7 : 0,
        failed.isPresent() ? 3 : 0,
        Lsn.parse("0/6000000"),
        SEGMENT,
        waiting.map(since -> new Waiting(SEGMENT, since)),
        waiting.isPresent() ? 1 : 0,
        NOW);
  }

  private static Outcome archiver(
      Optional<Instant> archived, Optional<Instant> failed, Optional<Instant> waiting) {
    return ServerJudgements.archiver(stats(archived, failed, waiting), true);
  }

  @Test
  void anArchiverThatFailedLastFails() {
    Optional<Instant> earlier = Optional.of(NOW.minusSeconds(100));
    Optional<Instant> later = Optional.of(NOW.minusSeconds(10));

    assertThat(kind(archiver(earlier, later, later))).isEqualTo("Fail");
    assertThat(kind(archiver(Optional.empty(), later, later))).isEqualTo("Fail");
    assertThat(archiver(later, earlier, Optional.empty()))
        .isInstanceOfSatisfying(
            Outcome.Pass.class, pass -> assertThat(pass.found()).contains("3 attempts"));
    assertThat(kind(archiver(later, Optional.empty(), Optional.empty()))).isEqualTo("Pass");
    assertThat(
            kind(archiver(earlier, Optional.empty(), Optional.of(NOW.minus(Duration.ofHours(1))))))
        .isEqualTo("Warn");
  }

  @Test
  void abandonedSlotsAreNamed() {
    Slot used = new Slot("standby1", true, OptionalLong.of(1L << 40));
    Slot abandoned = new Slot("old_standby", false, OptionalLong.of(5L << 30));

    assertThat(kind(ServerJudgements.slots(List.of(used)))).isEqualTo("Pass");
    assertThat(ServerJudgements.slots(List.of(used, abandoned)).found())
        .contains("old_standby", "5.0 GiB")
        .doesNotContain("standby1");
  }

  @Test
  void whatIsSwitchedOffIsNamed() {
    assertThat(
            kind(
                ServerJudgements.durability(
                    health(Map.of("fsync", "on", "full_page_writes", "on")))))
        .isEqualTo("Pass");
    assertThat(
            ServerJudgements.durability(health(Map.of("fsync", "off", "full_page_writes", "on")))
                .found())
        .contains("fsync")
        .doesNotContain("full_page_writes");
    assertThat(kind(ServerJudgements.checksums(false))).isEqualTo("Warn");
    assertThat(ServerJudgements.rights(List.of("pg_monitor", "pg_switch_wal"), "backup").found())
        .contains("pg_monitor, pg_switch_wal");
  }

  private static ServerHealth health(Map<String, String> settings) {
    return new ServerHealth(settings, List.of(), List.of(), Map.of());
  }

  @ParameterizedTest
  @CsvSource({
    "100, 1000, Pass",
    "2, 1000, Warn",
    "0.5, 1, Warn",
    "0.1, 100, Fail",
    "5, 1000, Warn"
  })
  void roomOnDisk(double usable, double total, String kind) {
    long gib = 1L << 30;

    assertThat(kind(Room.judge("it", (long) (usable * gib), (long) (total * gib)))).isEqualTo(kind);
  }
}
