package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.CatalogModel.Span;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RestorePlannerTest {
  private static final LineageUid FIRST = new LineageUid("first");
  private static final LineageUid SECOND = new LineageUid("second");

  private final RestorePlanner planner = new RestorePlanner(ZoneOffset.UTC);

  @Test
  void beginsWithTheNewestBackupThatFinishedInTime() {
    CatalogModel model = model(FIRST, Set.of(), new Span(1, 2), new Span(5, 6), new Span(9, 9));

    RestorePlan plan = plan(List.of(model), Optional.empty(), CatalogModel.at(70));

    assertThat(plan.backup()).isEqualTo(CatalogModel.backup(new Span(5, 6)));
    assertThat(plan.wal()).hasSize(5);
    assertThat(plan.wal().first()).isEqualTo(CatalogModel.segment(5));
    assertThat(plan.wal().last()).isEqualTo(CatalogModel.segment(9));
    assertThat(plan.timeline()).isEqualTo(Timeline.FIRST);
    assertThat(plan.downloadBytes()).contains(1L << 20);
    assertThat(plan.diskBytes()).contains((5L << 20) + (5L << 20));
  }

  @Test
  void refusesAnInstantBeforeTheWindowAndNamesTheFirstGoodOne() {
    Problem problem =
        refusal(
            new RestorePlanner(ZoneId.of("Asia/Kolkata")),
            List.of(model(FIRST, Set.of(), new Span(1, 2))),
            CatalogModel.at(24));

    assertThat(problem).isInstanceOf(Problem.Refused.class);
    assertThat(problem.message())
        .isEqualTo(
            "2026-11-21T00:00:24Z (2026-11-21 05:30:24+05:30 Asia/Kolkata) is before the recovery"
                + " window");
    assertThat(problem.hint())
        .contains(
            "The earliest instant that can be restored is 2026-11-21T00:00:25Z (2026-11-21"
                + " 05:30:25+05:30 Asia/Kolkata).");
  }

  @Test
  void refusesTheLastCommitsOwnTimeAndOffersLatest() {
    CatalogModel model = model(FIRST, Set.of(), new Span(1, 2));

    Problem problem = refusal(planner, List.of(model), CatalogModel.commit(19));

    assertThat(problem.message())
        .startsWith("2026-11-21T00:03:19Z is not before the last archived");
    assertThat(problem.hint().orElseThrow()).contains("2026-11-21T00:03:18.999999Z", "--latest");
    assertThat(plan(List.of(model), Optional.empty(), Instant.parse("2026-11-21T00:03:18.999999Z")))
        .isNotNull();
  }

  @Test
  void refusesAnInstantInAGapAndNamesBothNeighbours() {
    CatalogModel model = model(FIRST, Set.of(5), new Span(1, 2), new Span(7, 8));

    Problem problem = refusal(planner, List.of(model), CatalogModel.at(60));

    assertThat(problem.hint().orElseThrow())
        .contains("2026-11-21T00:00:48.999999Z", "2026-11-21T00:01:25Z");
  }

  @Test
  void withoutAUidSeveralAbleLineagesAreListed() {
    List<CatalogModel> both =
        List.of(model(FIRST, Set.of(), new Span(1, 2)), model(SECOND, Set.of(), new Span(3, 4)));

    Problem problem = refusal(planner, both, CatalogModel.at(100));

    assertThat(problem.message()).contains("2 lineages", "first", "second");
    assertThat(problem.hint().orElseThrow()).contains("--uid");
    assertThat(plan(both, Optional.of(SECOND), CatalogModel.at(100)).lineage().uid())
        .isEqualTo(SECOND);
  }

  @Test
  void amongSeveralTheLineageOfTheDataHereIsMarked() {
    List<CatalogModel> both =
        List.of(model(FIRST, Set.of(), new Span(1, 2)), model(SECOND, Set.of(), new Span(3, 4)));

    Problem problem =
        refusal(
            new RestorePlanner(ZoneOffset.UTC, Optional.of(SECOND)), both, CatalogModel.at(100));

    assertThat(problem.message())
        .contains("second (this server now)")
        .doesNotContain("first (this server now)");
  }

  @Test
  void withoutAUidTheOnlyLineageThatHoldsTheInstantIsTaken() {
    List<CatalogModel> both =
        List.of(model(FIRST, Set.of(), new Span(1, 2)), model(SECOND, Set.of(), new Span(10, 11)));

    assertThat(plan(both, Optional.empty(), CatalogModel.at(30)).lineage().uid()).isEqualTo(FIRST);
  }

  @Test
  void anUnknownUidNamesTheKnownOnes() {
    PgBackupException refusal =
        catchThrowableOfType(
            PgBackupException.class,
            () ->
                plan(
                    List.of(model(FIRST, Set.of(), new Span(1, 2))),
                    Optional.of(SECOND),
                    CatalogModel.at(30)));

    assertThat(refusal.problem()).isInstanceOf(Problem.NotFound.class);
    assertThat(refusal.problem().hint().orElseThrow()).contains("first");
  }

  @Test
  void latestBeginsWithTheNewestBackupAndEndsWithTheNewestSegment() {
    RestorePlan plan =
        planner.plan(
            CatalogModel.CLUSTER,
            List.of(model(FIRST, Set.of(3), new Span(1, 2), new Span(5, 6)).catalog()),
            Optional.empty(),
            new RecoveryTarget.Latest());

    assertThat(plan.backup()).isEqualTo(CatalogModel.backup(new Span(5, 6)));
    assertThat(plan.wal().last()).isEqualTo(CatalogModel.segment(19));
  }

  @Test
  void latestIsRefusedWhereAGapWouldEndRecoveryEarly() {
    PgBackupException refusal =
        catchThrowableOfType(
            PgBackupException.class,
            () ->
                planner.plan(
                    CatalogModel.CLUSTER,
                    List.of(model(FIRST, Set.of(9, 10), new Span(1, 2)).catalog()),
                    Optional.empty(),
                    new RecoveryTarget.Latest()));

    assertThat(refusal.problem()).isInstanceOf(Problem.Refused.class);
    assertThat(refusal.problem().message())
        .contains("000000010000000000000009 to 00000001000000000000000A");
  }

  @Test
  void aClusterWithoutBackupsIsToldSo() {
    Problem problem = refusal(planner, List.of(model(FIRST, Set.of())), CatalogModel.at(30));

    assertThat(problem.message()).isEqualTo("cluster default/orders has no base backup yet");
  }

  private RestorePlan plan(List<CatalogModel> models, Optional<LineageUid> uid, Instant instant) {
    return planner.plan(
        CatalogModel.CLUSTER,
        models.stream().map(CatalogModel::catalog).toList(),
        uid,
        new RecoveryTarget.AtTime(instant));
  }

  private static Problem refusal(
      RestorePlanner planner, List<CatalogModel> models, Instant instant) {
    return catchThrowableOfType(
            PgBackupException.class,
            () ->
                planner.plan(
                    CatalogModel.CLUSTER,
                    models.stream().map(CatalogModel::catalog).toList(),
                    Optional.empty(),
                    new RecoveryTarget.AtTime(instant)))
        .problem();
  }

  private static CatalogModel model(LineageUid uid, Set<Integer> lost, Span... backups) {
    return new CatalogModel(20, lost, List.of(backups), uid);
  }
}
