package io.pgbackup.kubernetes.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.status.BackupRunView.State;
import io.pgbackup.status.StatusSnapshot;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HappeningTest {
  private final AgentState state = new AgentState();
  private StatusSnapshot before;

  @BeforeEach
  void firstLook() {
    before = state.snapshot();
  }

  private List<String> news() {
    StatusSnapshot now = state.snapshot();
    List<String> reasons =
        Happening.between(Optional.of(before), now, AgentState.START).stream()
            .map(one -> (one.warning() ? "! " : "") + one.reason().word())
            .toList();
    before = now;
    return reasons;
  }

  @Test
  void nothingNewIsNoNews() {
    state.now = state.now.plusSeconds(5);
    state.windowEnd = state.now;

    assertThat(news()).isEmpty();
  }

  @Test
  void theFirstLookTellsWhoItIsAndWhatIsWrong() {
    state.problem("configuration", "misconfigured", "backup.schedule: no crontab");

    assertThat(Happening.between(Optional.empty(), state.snapshot(), AgentState.START))
        .extracting(one -> one.reason().word(), Happening::note)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                "LineageResolved",
                "the data are of the lineage uid-one, archived in"
                    + " s3://backups/pgbackup/shop/orders/uid-one/17"),
            org.assertj.core.groups.Tuple.tuple(
                "ConfigurationRefused", "backup.schedule: no crontab. Look at it."));
  }

  @Test
  void archivingFailsAndWorksAgain() {
    state.problem("wal", "storage", "no answer");
    assertThat(news()).containsExactly("! ArchivingFailed");
    assertThat(news()).isEmpty();

    state.problems.clear();
    assertThat(news()).containsExactly("ArchivingWorks");
  }

  @Test
  void corruptPagesAreToldOnceAndWhenTheyAreGone() {
    state.problem("pages", "verification", "base backup base_7 holds 1 corrupt page");
    assertThat(news()).containsExactly("! CorruptPages");
    assertThat(news()).isEmpty();

    state.problems.clear();
    assertThat(news()).containsExactly("PagesHold");
  }

  /// The server archives as soon as it runs, and only then can the agent ask it who it is.
  @Test
  void aStartIsNoFailureOfTheArchive() {
    Optional<String> uid = state.uid;
    state.uid = Optional.empty();
    news();
    state.problem("wal", "storage", "the lineage is not known yet");
    state.now = state.now.plusSeconds(59);
    assertThat(news()).isEmpty();

    state.now = state.now.plusSeconds(2);
    assertThat(news()).containsExactly("! ArchivingFailed");

    state.uid = uid;
    state.problems.clear();
    assertThat(news()).containsExactly("LineageResolved", "ArchivingWorks");
  }

  @Test
  void baseBackupsAreToldWhenTheyEnd() {
    state.ran("1", State.COMPLETED);
    assertThat(news()).containsExactly("BaseBackupCompleted");
    assertThat(news()).isEmpty();

    state.ran("2", State.FAILED);
    assertThat(news()).containsExactly("! BaseBackupFailed");
  }

  @Test
  void eachStateOfAnOutageIsTold() {
    state.outage = Optional.of("behind");
    assertThat(news()).containsExactly("! WalBehind");
    state.outage = Optional.of("critical");
    assertThat(news()).containsExactly("! WalVolumeFilling");
    state.outage = Optional.of("normal");
    assertThat(news()).containsExactly("WalCaughtUp");
  }

  @Test
  void aConflictOfLineagesIsToldAndAnUnknownOneIsNot() {
    state.problem("lineage", "postgres", "PostgreSQL does not answer");
    assertThat(news()).isEmpty();

    state.problems.clear();
    state.problem("lineage", "refused", "the folder is another server's");
    assertThat(news()).containsExactly("! LineageConflict");
    assertThat(news()).isEmpty();
  }

  @Test
  void anotherLineageIsTold() {
    state.uid = Optional.of("uid-two");

    assertThat(news()).containsExactly("LineageResolved");
  }

  @Test
  void verdictsOfDrillsAreToldUnlessTheyAreOld() {
    state.drilled(AgentState.START.minusSeconds(3600), /* passed= */ false);
    assertThat(news()).isEmpty();

    state.drilled(AgentState.START.plusSeconds(60), /* passed= */ true);
    assertThat(news()).containsExactly("DrillPassed");

    state.drilled(AgentState.START.plusSeconds(90), /* passed= */ false);
    assertThat(news()).containsExactly("! DrillFailed");
  }

  @Test
  void aConfigurationIsRefusedAndTaken() {
    state.problem("configuration", "misconfigured", "backup.schedule: no crontab");
    assertThat(news()).containsExactly("! ConfigurationRefused");
    state.problems.clear();
    assertThat(news()).containsExactly("ConfigurationTaken");
  }

  @Test
  void aSecondProblemOfArchivingIsToldBesideOneThatStays() {
    state.problem("wal", "misconfigured", "archive_timeout is 0");
    assertThat(news()).containsExactly("! ArchivingFailed");

    state.problem("wal", "storage", "no answer");
    assertThat(news()).containsExactly("! ArchivingFailed");
    assertThat(news()).isEmpty();

    state.problems.removeLast();
    state.lastSegmentAt = Optional.of(state.now);
    assertThat(news()).containsExactly("ArchivingWorks");
    assertThat(news()).isEmpty();
  }

  @Test
  void aSettingThatIsMendedStoresNothing() {
    state.problem("wal", "misconfigured", "archive_timeout is 0");
    state.problem("wal", "storage", "no answer");
    assertThat(news()).containsExactly("! ArchivingFailed", "! ArchivingFailed");

    state.problems.removeFirst();
    assertThat(news()).isEmpty();
  }

  @Test
  void aStreamBreaksOffAndWorksAgain() {
    state.stream =
        Optional.of(
            new StatusSnapshot.Stream(
                true, Optional.empty(), Optional.empty(), Optional.empty(), 0, 0, 0));
    assertThat(news()).isEmpty();

    state.problem("stream", "postgres", "the server has been silent for 30 s");
    assertThat(news()).containsExactly("! ArchivingFailed");
    state.problems.clear();
    assertThat(news()).containsExactly("ArchivingWorks");
  }

  @Test
  void aSlotThatIsKeptAfterStreamingIsNoFailureOfArchiving() {
    state.problem("stream", "postgres", "the replication slot is kept");

    assertThat(news()).isEmpty();
  }
}
