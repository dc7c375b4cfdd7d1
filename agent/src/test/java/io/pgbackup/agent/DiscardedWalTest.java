package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.LogLines;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DiscardedWalTest {
  private static final WalFileName SEGMENT = WalFileName.parse("000000010000000000000005");
  private static final LineageUid OWN = LineageUid.random();

  private final List<String> gaps = new ArrayList<>();
  private boolean enabled;
  private boolean backingUp;
  private Optional<LineageUid> own = Optional.of(OWN);
  private final DiscardedWal discarded =
      new DiscardedWal(
          () -> enabled, () -> backingUp, () -> own, (first, _) -> gaps.add(first.text()));

  private boolean letsGo() {
    return discarded.letsGo(SEGMENT, Optional.of(OWN));
  }

  @Test
  void letsGoOnlyWhileWalIsOff() {
    assertThat(letsGo()).isTrue();
    enabled = true;
    assertThat(letsGo()).isFalse();
    assertThat(discarded.segments()).isEqualTo(1);
  }

  @Test
  void countsSegmentsOnly() {
    assertThat(discarded.letsGo(WalFileName.parse("00000002.history"), Optional.of(OWN))).isTrue();
    assertThat(discarded.segments()).isZero();
  }

  @Test
  void whatABaseBackupNeedsIsStored() {
    backingUp = true;
    assertThat(letsGo()).isFalse();
    backingUp = false;
    assertThat(letsGo()).isTrue();
  }

  @Test
  void namesTheFirstSegmentOfEachGap() {
    discarded.letsGo(WalFileName.parse("000000010000000000000005"), Optional.empty());
    discarded.letsGo(WalFileName.parse("000000010000000000000006"), Optional.empty());
    backingUp = true;
    discarded.letsGo(WalFileName.parse("000000010000000000000007"), Optional.empty());
    backingUp = false;
    discarded.letsGo(WalFileName.parse("000000010000000000000008"), Optional.empty());
    enabled = true;
    discarded.letsGo(WalFileName.parse("000000010000000000000009"), Optional.empty());
    enabled = false;
    discarded.letsGo(WalFileName.parse("00000001000000000000000A"), Optional.empty());

    assertThat(gaps)
        .containsExactly(
            "000000010000000000000005", "000000010000000000000008", "00000001000000000000000A");
  }

  @Test
  void saysOnceThatWalIsLetGoUntilItWasStoredAgain() {
    assertThat(LogLines.of(DiscardedWal.class, this::threeFiles))
        .singleElement()
        .asString()
        .contains("WARN", "first=" + SEGMENT.text(), "wal.enabled is false", "let go");

    assertThat(LogLines.of(DiscardedWal.class, this::threeFiles)).isEmpty();

    enabled = true;
    letsGo();
    enabled = false;
    assertThat(LogLines.of(DiscardedWal.class, this::threeFiles)).hasSize(1);
  }

  private void threeFiles() {
    letsGo();
    letsGo();
    letsGo();
  }

  @Test
  void whoeverIsNotTheServerHereHearsThatNobodyTakesItsWal() {
    assertThatThrownBy(() -> discarded.letsGo(SEGMENT, Optional.of(LineageUid.random())))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class));
    assertThat(discarded.segments()).isZero();
  }

  @Test
  void needsNoStoreToKnowItsLineageFrom() {
    own = Optional.empty();
    assertThat(letsGo()).isTrue();
    own = Optional.of(OWN);
    assertThat(discarded.letsGo(SEGMENT, Optional.empty())).isTrue();
  }
}
