package io.pgbackup.drill;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DrillVerdictsTest {
  private static final StoreFolder PREFIX = StoreFolder.of("pgbackup/default/orders/u-1/18");

  private final MemoryObjectStore store = new MemoryObjectStore();
  private final DrillVerdicts verdicts = new DrillVerdicts(store);

  private static DrillVerdict verdict(Instant at, DrillCheck... checks) {
    return new DrillVerdict(
        at,
        "db-1",
        "default/orders",
        "u-1",
        Optional.of(Instant.parse("2026-11-20T23:59:59.123456Z")),
        "base_000000010000000000000002",
        Optional.of(Instant.parse("2026-11-20T23:59:58Z")),
        Optional.of(Duration.ofMillis(12_345)),
        Optional.empty(),
        Optional.of(1L << 40),
        List.of(checks));
  }

  @Test
  void whatIsStoredComesBack() {
    DrillVerdict first =
        verdict(
            Instant.parse("2026-11-21T05:00:00Z"),
            DrillCheck.passed("restore", "all of it"),
            DrillCheck.skipped("indexes", "amcheck is not installed here", "Install it."));
    DrillVerdict later =
        verdict(
            Instant.parse("2026-11-21T06:00:00Z"), DrillCheck.failed("probe", "no row", "Look."));

    assertThat(verdicts.newest(PREFIX)).isEmpty();
    var _ = verdicts.store(PREFIX, later);
    var _ = verdicts.store(PREFIX, first);

    assertThat(verdicts.newest(PREFIX)).contains(later);
    assertThat(first.passed()).isTrue();
    assertThat(later.passed()).isFalse();
    assertThat(store.list(PREFIX.path() + "pgbackup/drills/20261121T")).hasSize(2);
  }

  @Test
  void theNewestComeFirst() {
    var older = verdicts.store(PREFIX, verdict(Instant.parse("2026-11-21T05:00:00Z")));
    var newer = verdicts.store(PREFIX, verdict(Instant.parse("2026-11-21T06:00:00Z")));
    var newest = verdicts.store(PREFIX, verdict(Instant.parse("2026-12-01T05:00:00Z")));

    assertThat(verdicts.keys(PREFIX, 9)).containsExactly(newest, newer, older);
    assertThat(verdicts.keys(PREFIX, 2)).containsExactly(newest, newer);
  }

  @Test
  void aVerdictThatCannotBeUnderstoodIsNeverTakenForOne() {
    store.create(
        PREFIX.folder("pgbackup").folder("drills").key("20261121T050000.000Z-1.json"),
        "{\"version\":1}".getBytes(UTF_8),
        Map.of());

    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> verdicts.newest(PREFIX))
        .satisfies(e -> assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class));
  }
}
