package io.pgbackup.retention;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.ArchiveSurvey;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.retention.Hold.Held;
import io.pgbackup.store.ObjectKey;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.statistics.Statistics;

/// What holds for every archive, whatever happened to it: promotions, servers that went back in
/// time or went on beside each other, stepped clocks, lost segments and histories, damaged
/// sentinels, copied buckets.
class RetentionPlannerPropertyTest {
  private static final int TRIES = 200;

  /// P70: what was restorable within the rules stays so. An instant that the server's clock passed
  /// twice names no one state; docs/retention.md says so.
  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void everyInstantOfTheWindowThatWasRestorableStaysSo(@ForAll long seed) {
    History history = new History(new Random(seed));
    RetentionPlan plan = history.plan();
    ArchiveModel after = history.apply(plan);
    Instant since = history.now().minus(history.rules.window());
    for (Instant instant = since;
        !instant.isAfter(history.now());
        instant = instant.plus(Duration.ofHours(5))) {
      if (history.model.passedTwice(instant)) {
        continue;
      }
      for (Timeline timeline : history.model.timelines()) {
        if (history.model.restores(timeline, instant)) {
          assertThat(after.restores(timeline, instant))
              .as("%s on timeline %s, seed %d", instant, timeline, seed)
              .isTrue();
        }
      }
    }
    Statistics.label("deletes")
        .collect(plan.blocks().isEmpty() ? !plan.deletesNothing() : "blocked");
    Statistics.label("deletes").coverage(all -> all.check(true).percentage(p -> p > 25));
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void everyKeptBackupKeepsItsChainAndItsWal(@ForAll long seed) {
    History history = new History(new Random(seed));
    RetentionPlan plan = history.plan();
    ArchiveModel after = history.apply(plan);
    for (BaseBackup backup : after.backups) {
      assertThat(after.stands(backup))
          .as("%s, seed %d", backup.name(), seed)
          .isEqualTo(history.model.stands(backup));
    }
    Stream<BaseBackup> before = history.model.backups.stream();
    before
        .filter(backup -> backup.permanent() || plan.blocks().size() > 0)
        .forEach(backup -> assertThat(after.backups).contains(backup));
    history.model.backups.stream()
        .filter(history.model::stands)
        .max(KeepPoints.NEWER)
        .ifPresent(newest -> assertThat(after.backups).contains(newest));
    assertThat(after.unreadable).isEqualTo(history.model.unreadable);
    assertThat(plan.segments()).noneMatch(key -> key.value().contains(".history"));
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void whatHasBeenAppliedLeavesNothingToDo(@ForAll long seed) {
    History history = new History(new Random(seed));
    ArchiveModel after = history.apply(history.plan());
    RetentionPlan again = history.plan(after.survey(), history.rules, history.holds);
    if (again.blocks().isEmpty()) {
      assertThat(keys(again)).as("seed %d", seed).isEmpty();
    }
  }

  /// P68: listings come in any order.
  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void theOrderOfWhatIsReadDoesNotMatter(@ForAll long seed) {
    Random random = new Random(seed);
    History history = new History(random);
    ArchiveSurvey survey = history.model.survey();
    ArchiveSurvey shuffled =
        new ArchiveSurvey(
            survey.lineage(),
            shuffled(survey.backups(), random),
            shuffled(survey.withdrawn(), random),
            shuffled(survey.unreadable(), random),
            shuffled(survey.backupObjects(), random),
            shuffled(survey.wal(), random),
            shuffled(survey.manifests(), random),
            survey.histories(),
            survey.timelinesInDoubt(),
            survey.segmentSize());
    RetentionPlan other = history.plan(shuffled, history.rules, history.holds);
    RetentionPlan plan = history.plan();
    assertThat(keys(other)).isEqualTo(keys(plan));
    assertThat(other.blocks()).isEqualTo(plan.blocks());
    assertThat(other.backups().stream().map(RetentionPlan.BackupVerdict::reasons))
        .containsExactlyElementsOf(
            plan.backups().stream().map(RetentionPlan.BackupVerdict::reasons).toList());
  }

  @Property(tries = TRIES, shrinking = ShrinkingMode.OFF)
  void moreRulesAndHoldsNeverDeleteMore(@ForAll long seed) {
    Random random = new Random(seed);
    History history = new History(random);
    RetentionRules less = history.rules;
    RetentionRules more =
        new RetentionRules(
            less.keepFull() + random.nextInt(2),
            less.window().plusHours(random.nextInt(100)),
            less.keepDaily() + random.nextInt(2),
            less.keepWeekly() + random.nextInt(2),
            less.keepMonthly() + random.nextInt(2),
            less.keepYearly() + random.nextInt(2),
            less.timeZone());
    List<Hold> holds = new ArrayList<>(history.holds);
    holds.add(history.hold("another"));
    RetentionPlan careful = history.plan(history.model.survey(), more, holds);
    assertThat(keys(history.plan())).as("seed %d", seed).containsAll(keys(careful));
  }

  private static <T> List<T> shuffled(List<T> list, Random random) {
    List<T> copy = new ArrayList<>(list);
    Collections.shuffle(copy, random);
    return copy;
  }

  private static Set<ObjectKey> keys(RetentionPlan plan) {
    Set<ObjectKey> all = new HashSet<>(plan.sentinels());
    all.addAll(plan.contents());
    all.addAll(plan.segments());
    return all;
  }

  /// An archive with a past, and what somebody wants kept of it.
  private static final class History {
    private final Random random;
    private final ArchiveModel model = new ArchiveModel();
    private final RetentionRules rules;
    private final List<Hold> holds = new ArrayList<>();

    History(Random random) {
      this.random = random;
      rules =
          new RetentionRules(
              1 + random.nextInt(3),
              Duration.ofHours(random.nextInt(200)),
              random.nextInt(4),
              random.nextInt(3),
              random.nextInt(3),
              random.nextInt(2),
              ZoneId.of(random.nextBoolean() ? "UTC" : "Asia/Kathmandu"));
      int events = 20 + random.nextInt(60);
      for (int i = 0; i < events; i++) {
        happen();
      }
      if (random.nextInt(3) > 0) {
        model.full();
      }
      if (random.nextInt(8) == 0) {
        model.touchAll();
      }
      if (random.nextInt(3) == 0) {
        holds.add(hold("one"));
      }
    }

    private void happen() {
      model.pass(Duration.ofMinutes(random.nextInt(60 * 24)));
      switch (random.nextInt(40)) {
        case 0 -> model.promote(model.segment());
        case 1 -> model.promote(earlier());
        case 2 -> fork();
        case 3 -> model.pass(Duration.ofHours(-random.nextInt(72)));
        case 4 -> model.lose(earlier());
        case 5 -> model.unfinished();
        case 6 -> damage();
        case 7 -> lag();
        case 8, 9, 10, 11, 12, 13, 14 -> {
          var _ = model.backup(Optional.empty(), random.nextInt(3), random.nextInt(12) == 0);
        }
        case 15, 16, 17, 18, 19 -> delta();
        default -> model.write();
      }
    }

    private void delta() {
      List<BaseBackup> bases =
          model.backups.stream()
              .filter(
                  base ->
                      model
                          .path(model.segment().timeline())
                          .contains(base.timeline(), base.finishLsn()))
              .filter(base -> base.finishLsn().isBefore(model.segment().start()))
              .toList();
      if (!bases.isEmpty()) {
        var _ =
            model.backup(
                Optional.of(bases.get(random.nextInt(bases.size()))), random.nextInt(2), false);
      }
    }

    private WalSegment earlier() {
      List<WalSegment> written = model.written().stream().sorted().toList();
      return written.isEmpty() ? model.segment() : written.get(random.nextInt(written.size()));
    }

    /// A standby is promoted, and the old primary goes on for a while.
    private void fork() {
      WalSegment old = model.segment();
      model.promote(old);
      model.write(random.nextInt(3));
      WalSegment younger = model.segment();
      model.goBackTo(old);
      model.write(random.nextInt(4));
      model.goBackTo(younger);
    }

    private void damage() {
      int what = model.backups.isEmpty() ? 0 : random.nextInt(3);
      if (what > 0) {
        BaseBackup backup = model.backups.get(random.nextInt(model.backups.size()));
        if (what == 1) {
          model.damage(backup);
        } else {
          model.withdraw(backup);
        }
      }
    }

    private void lag() {
      if (random.nextInt(3) == 0) {
        model.doubts.addAll(model.paths.keySet());
      }
    }

    Hold hold(String id) {
      Held held =
          model.backups.isEmpty() || random.nextBoolean()
              ? new Held.Since(ArchiveModel.BEGIN.plus(Duration.ofHours(random.nextInt(24 * 40))))
              : new Held.Backup(model.backups.get(random.nextInt(model.backups.size())).name());
      return new Hold(id, "alice", "audit", held, ArchiveModel.BEGIN, Optional.empty());
    }

    Instant now() {
      return model.now();
    }

    RetentionPlan plan() {
      return plan(model.survey(), rules, holds);
    }

    RetentionPlan plan(ArchiveSurvey survey, RetentionRules by, List<Hold> held) {
      return RetentionPlanner.plan(
          new RetentionInput(survey, by, held, List.of(), List.of(), now()));
    }

    ArchiveModel apply(RetentionPlan plan) {
      return plan.blocks().isEmpty() ? model.without(keys(plan)) : model;
    }
  }
}
