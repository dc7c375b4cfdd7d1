package io.pgbackup.retention;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.retention.Hold.Held;
import io.pgbackup.retention.RetentionPlan.BackupVerdict;
import io.pgbackup.retention.RetentionPlan.WalRange;
import io.pgbackup.store.ObjectKey;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RetentionPlannerTest {
  private static final RetentionRules ONE = rules(1, Duration.ZERO);

  private final ArchiveModel model = new ArchiveModel();
  private final List<Hold> holds = new ArrayList<>();
  private final List<RunningRestore> restores = new ArrayList<>();

  @Test
  void keepsTheNewestAndAllWalFromItsStartOn() {
    BaseBackup old = day();
    BaseBackup newest = day();

    RetentionPlan plan = plan(ONE);

    assertThat(going(plan)).containsExactly(old.name());
    assertThat(plan.sentinels()).containsExactly(ArchiveModel.LAYOUT.sentinel(old.name()));
    assertThat(plan.contents())
        .containsExactlyInAnyOrder(
            ArchiveModel.LAYOUT.metadata(old.name()),
            ArchiveModel.LAYOUT.tarPartitions(old.name()).key("part_001.tar.zst"),
            ArchiveModel.LAYOUT.manifest(old.name()));
    assertThat(reasons(plan, newest)).contains("the newest", "the newest full one");
    WalRange kept = plan.wal().stream().filter(WalRange::kept).findFirst().orElseThrow();
    assertThat(kept.first().fileName()).isEqualTo(newest.name().startSegment());
  }

  @Test
  void theWindowKeepsTheNewestBackupOlderThanItself() {
    BaseBackup first = day();
    BaseBackup second = day();
    BaseBackup third = day();

    RetentionPlan plan = plan(rules(1, Duration.ofHours(36)));

    assertThat(going(plan)).containsExactly(first.name());
    assertThat(reasons(plan, second)).containsExactly("the window begins behind it");
    assertThat(reasons(plan, third)).contains("in the window of 36h");
  }

  /// P71: point-in-time for days, and only base backups for months.
  @Test
  void aPointKeepsOnlyTheWalThatMakesItConsistent() {
    BaseBackup january = day();
    model.write(5).pass(Duration.ofDays(31));
    day();
    BaseBackup february = day();

    RetentionPlan plan = plan(new RetentionRules(1, Duration.ZERO, 0, 0, 2, 0, ZoneId.of("UTC")));

    assertThat(reasons(plan, january)).containsExactly("last of month 2026-01");
    assertThat(plan.segments()).isNotEmpty();
    assertThat(model.without(plan.segments()).stands(january)).isTrue();
    assertThat(reasons(plan, february)).contains("last of month 2026-02");
  }

  @Test
  void daysBeginInTheTimeZoneOfTheRules() {
    model.pass(Duration.ofHours(22));
    BaseBackup evening = model.full();
    model.pass(Duration.ofHours(1).plusMinutes(30));
    BaseBackup night = model.full();
    model.pass(Duration.ofMinutes(90));
    BaseBackup newest = day();

    var utc = new RetentionRules(1, Duration.ZERO, 2, 0, 0, 0, ZoneId.of("UTC"));
    var berlin = new RetentionRules(1, Duration.ZERO, 2, 0, 0, 0, ZoneId.of("Europe/Berlin"));

    assertThat(going(plan(utc))).containsExactly(evening.name());
    assertThat(going(plan(berlin))).containsExactly(night.name());
    assertThat(reasons(plan(utc), newest)).contains("last of day 2026-01-02");
  }

  @Test
  void aDeltaKeepsAllThatItStandsOn() {
    BaseBackup full = day();
    BaseBackup middle = model.pass(Duration.ofDays(1)).backup(Optional.of(full), 0, false);
    BaseBackup delta = model.pass(Duration.ofDays(1)).backup(Optional.of(middle), 0, false);

    RetentionPlan plan = plan(ONE);

    assertThat(going(plan)).isEmpty();
    assertThat(reasons(plan, middle)).contains(delta.name() + " stands on it");
    assertThat(reasons(plan, full)).contains(delta.name() + " stands on it");
  }

  /// P69.
  @Test
  void aPermanentBackupStaysAndStandsInNobodysWay() {
    BaseBackup permanent = model.backup(Optional.empty(), 1, true);
    BaseBackup old = day();
    day();

    RetentionPlan plan = plan(ONE);

    assertThat(going(plan)).containsExactly(old.name());
    assertThat(reasons(plan, permanent)).containsExactly("marked permanent");
    assertThat(model.without(plan.segments()).stands(permanent)).isTrue();
  }

  @Test
  void holdsKeepABackupOrEveryInstantSince() {
    BaseBackup first = day();
    BaseBackup second = day();
    day();
    day();
    holds.add(hold(new Held.Backup(first.name()), Optional.empty()));
    assertThat(reasons(plan(ONE), first)).containsExactly("hold h of alice: audit");
    assertThat(going(plan(ONE))).contains(second.name());

    holds.clear();
    holds.add(hold(new Held.Since(second.finishTime().plusSeconds(5)), Optional.empty()));
    RetentionPlan since = plan(ONE);
    assertThat(going(since)).containsExactly(first.name());

    holds.clear();
    holds.add(hold(new Held.Backup(first.name()), Optional.of(model.now())));
    assertThat(going(plan(ONE))).contains(first.name(), second.name());
  }

  /// P70.
  @Test
  void fewerThanTheNumberToKeepDeletesNone() {
    day();
    day();
    assertThat(plan(rules(7, Duration.ZERO)).deletesNothing()).isTrue();
  }

  /// P68: after a copy of the bucket every object is of today.
  @Test
  void orderIsThatOfTheTimesInTheSentinel() {
    BaseBackup old = day();
    BaseBackup newest = day();
    model.touchAll();
    assertThat(going(plan(ONE))).containsExactly(old.name());
    assertThat(reasons(plan(ONE), newest)).contains("the newest");
  }

  /// P67: after a restore the numbers begin anew, at a lower position.
  @Test
  void aServerThatWentBackInTimeKeepsItsNewBackups() {
    BaseBackup base = day();
    model.write(3);
    WalSegment branch = model.segment();
    model.write(20);
    BaseBackup abandoned = day();
    Timeline two = model.promote(branch);
    model.pass(Duration.ofDays(1)).write(2);
    BaseBackup newest = day();

    RetentionPlan plan = plan(ONE);

    assertThat(newest.timeline()).isEqualTo(two);
    assertThat(newest.startLsn()).isLessThan(abandoned.startLsn());
    assertThat(going(plan)).containsExactlyInAnyOrder(base.name(), abandoned.name());
    assertThat(model.without(plan.segments()).stands(newest)).isTrue();
  }

  @Test
  void nothingIsDeletedWhileARestoreRuns() {
    day();
    day();
    restores.add(new RunningRestore("restore into /data", model.now().plusSeconds(30)));
    assertThat(plan(ONE).blocks()).singleElement().asString().contains("restore into /data runs");
  }

  @Test
  void nothingIsDeletedWhileTheNewestBackupIsNotProved() {
    day();
    day();
    BaseBackup newest = day();
    model.lose(WalSegment.parse(newest.name().startSegment(), ArchiveModel.SIZE));
    assertThat(plan(ONE).blocks())
        .singleElement()
        .asString()
        .contains(newest.name().value(), "is missing");
  }

  @Test
  void nothingIsDeletedWhileTwoServersWriteIntoOneLineage() {
    day();
    model.promote(model.segment());
    WalSegment younger = model.segment();
    model.goBackTo(younger.on(Timeline.FIRST));
    model.write(3);
    day();
    assertThat(plan(ONE).blocks()).anyMatch(why -> why.contains("two servers"));
  }

  @Test
  void whatCannotBeReadIsKeptWithItsWalAndItsBase() {
    BaseBackup full = day();
    BaseBackup delta = model.pass(Duration.ofDays(1)).backup(Optional.of(full), 0, false);
    day();
    day();
    model.damage(delta);

    RetentionPlan plan = plan(ONE);

    assertThat(plan.backups().getFirst().name()).isEqualTo(delta.name());
    assertThat(plan.backups().getFirst().reasons()).containsExactly("cannot be read: damaged");
    assertThat(reasons(plan, full)).contains(delta.name() + " may stand on it");
    assertThat(plan.segments())
        .allMatch(key -> key.name().compareTo(full.name().startSegment()) < 0);
  }

  @Test
  void whatCannotBeReadIsToBeLookedAt() {
    BaseBackup damaged = day();
    day();
    assertThat(plan(ONE).attention()).isEmpty();
    model.damage(damaged);
    assertThat(plan(ONE).attention().orElseThrow().message())
        .isEqualTo(
            damaged.name() + " cannot be read, so it stays for ever with all WAL since: damaged");
  }

  @Test
  void aWithdrawnBackupGoesWithItsWalWhenTheRulesHavePassedOverIt() {
    BaseBackup first = day();
    BaseBackup bad = day();
    BaseBackup good = day();
    model.withdraw(bad);

    RetentionPlan counted = plan(rules(2, Duration.ZERO));
    assertThat(counted.blocks()).isEmpty();
    assertThat(reasons(counted, bad)).containsExactly("newer than the oldest full one to keep");
    assertThat(reasons(counted, first)).contains("one of the newest 2 full ones");

    RetentionPlan plan = plan(ONE);
    assertThat(going(plan)).containsExactly(first.name(), bad.name());
    assertThat(plan.backups().get(1).withdrawn()).isTrue();
    assertThat(plan.contents()).contains(ArchiveModel.LAYOUT.withdrawal(bad.name()));
    assertThat(plan.attention()).isEmpty();
    assertThat(plan.wal().stream().filter(WalRange::kept).findFirst().orElseThrow().first())
        .isEqualTo(WalSegment.parse(good.name().startSegment(), ArchiveModel.SIZE));
  }

  @Test
  void whoWithdrawsGoodBackupsDoesNotHaveThemDeleted() {
    BaseBackup old = day();
    List<BaseBackup> week = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      week.add(day());
    }
    week.subList(0, 6).forEach(model::withdraw);
    assertThat(going(plan(rules(7, Duration.ofDays(7))))).doesNotContain(old.name()).isEmpty();
  }

  @Test
  void nothingIsDeletedWhileTheNewestBackupIsWithdrawn() {
    day();
    day();
    BaseBackup newest = day();
    model.withdraw(newest);
    assertThat(plan(ONE).blocks())
        .containsExactly(
            "the newest base backup, %s, cannot be restored: it was withdrawn because it failed a proof"
                .formatted(newest.name()));
  }

  /// One of the proofs that a backup fails is that it is of this server.
  @Test
  void aWithdrawnBackupOfAnotherServerStopsNothing() {
    BaseBackup other = day();
    model.withdraw(other);
    model.withdrawn.replaceAll(RetentionPlannerTest::ofAnotherServer);
    day();
    day();
    RetentionPlan plan = plan(ONE);
    assertThat(plan.blocks()).isEmpty();
    assertThat(going(plan)).contains(other.name());
  }

  /// After a copy of the bucket all WAL is young.
  @Test
  void aHoldNeverLetsGoYoungWalOfATimelineThatWasLeft() {
    model.write(3);
    BaseBackup first = day();
    model.promote(model.segment());
    day();
    day();
    model.touchAll();
    model.pass(Duration.ofHours(1));
    List<ObjectKey> without = plan(ONE).segments();
    holds.add(hold(new Held.Since(first.finishTime().plusSeconds(5)), Optional.empty()));
    assertThat(without).containsAll(plan(ONE).segments());
  }

  /// P76.
  @Test
  void leftoversGoWhenTheyAreOldAndOvertaken() {
    BackupName leftover = model.unfinished();
    assertThat(plan(ONE).leftovers().getFirst().keptBecause())
        .contains("younger than a day: it may be under way");

    model.pass(Duration.ofDays(2));
    assertThat(plan(ONE).leftovers().getFirst().keptBecause())
        .contains("no base backup began after it: it may be under way");

    day();
    RetentionPlan plan = plan(ONE);
    assertThat(plan.leftovers().getFirst().keptBecause()).isEmpty();
    assertThat(plan.contents())
        .contains(ArchiveModel.LAYOUT.tarPartitions(leftover).key("part_001.tar.zst"));
  }

  @Test
  void strangersAndHistoriesAreNobodysToDelete() {
    day();
    model.promote(model.segment());
    model.put(ArchiveModel.LAYOUT.wal().key("notes.txt"), 5);
    model.put(ArchiveModel.LAYOUT.baseBackups().key("base_old/README"), 5);
    model.put(ArchiveModel.LAYOUT.own().key("claim.json"), 5);
    day();
    day();
    RetentionPlan plan = plan(ONE);
    assertThat(all(plan))
        .isNotEmpty()
        .noneMatch(key -> key.value().contains("README"))
        .noneMatch(key -> key.value().contains("notes"))
        .noneMatch(key -> key.value().contains("claim"))
        .noneMatch(key -> key.value().contains("history"));
  }

  private static BaseBackup ofAnotherServer(BaseBackup one) {
    return new BaseBackup(
        one.name(),
        one.startLsn(),
        one.finishLsn(),
        one.startTime(),
        one.finishTime(),
        one.serverVersion(),
        Optional.of(SystemIdentifier.parse("7000000000000000002")),
        one.uncompressedSize(),
        one.compressedSize(),
        one.permanent(),
        one.delta(),
        one.userData(),
        one.keyFingerprint(),
        one.tablespaces(),
        one.corruptPages());
  }

  private BaseBackup day() {
    BaseBackup backup = model.full();
    model.write().pass(Duration.ofDays(1));
    return backup;
  }

  private static Hold hold(Held held, Optional<Instant> expires) {
    return new Hold("h", "alice", "audit", held, ArchiveModel.BEGIN, expires);
  }

  private static RetentionRules rules(int keepFull, Duration window) {
    return new RetentionRules(keepFull, window, 0, 0, 0, 0, ZoneId.of("UTC"));
  }

  private RetentionPlan plan(RetentionRules rules) {
    return RetentionPlanner.plan(
        new RetentionInput(model.survey(), rules, holds, restores, List.of(), model.now()));
  }

  private static List<BackupName> going(RetentionPlan plan) {
    return plan.going().map(BackupVerdict::name).toList();
  }

  private static List<ObjectKey> all(RetentionPlan plan) {
    List<ObjectKey> keys = new ArrayList<>(plan.sentinels());
    keys.addAll(plan.contents());
    keys.addAll(plan.segments());
    return keys;
  }

  private static List<String> reasons(RetentionPlan plan, BaseBackup backup) {
    return plan.backups().stream()
        .filter(verdict -> verdict.name().equals(backup.name()))
        .findFirst()
        .orElseThrow()
        .reasons();
  }
}
