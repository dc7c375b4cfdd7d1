package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.restore.CatalogModel.Span;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;

class RestorePlannerPropertyTest {
  private static final int SEGMENTS = 24;
  private static final Pattern INSTANT = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z");

  private final RestorePlanner planner = new RestorePlanner(ZoneOffset.UTC);

  @Property
  void plansExactlyWhatCanBeReached(
      @ForAll("models") CatalogModel model,
      @ForAll @LongRange(min = 0, max = SEGMENTS * 10L + 20) long second) {
    assertThat(plans(model, CatalogModel.at(second)))
        .isEqualTo(model.reaches(CatalogModel.at(second)));
  }

  @Property
  void everythingBetweenTheChosenBackupAndALaterCommitIsThere(
      @ForAll("models") CatalogModel model,
      @ForAll @LongRange(min = 0, max = SEGMENTS * 10L) long second) {
    Instant instant = CatalogModel.at(second);
    if (!model.reaches(instant)) {
      return;
    }

    RestorePlan plan = plan(model, instant);

    BaseBackup backup = plan.backup();
    assertThat(backup.finishTime()).isBeforeOrEqualTo(instant);
    WalSegment segment = plan.wal().first();
    int number = (int) (segment.start().value() / segment.size().bytes());
    while (!CatalogModel.commit(number).isAfter(instant)
        || CatalogModel.segment(number).end().isBefore(backup.finishLsn())) {
      assertThat(model.lost()).doesNotContain(number);
      number++;
    }
    assertThat(number).isLessThan(SEGMENTS);
    assertThat(model.lost()).doesNotContain(number);
  }

  @Property
  void everyInstantThatARefusalNamesCanBeRestored(
      @ForAll("models") CatalogModel model,
      @ForAll @LongRange(min = 0, max = SEGMENTS * 10L + 20) long second) {
    try {
      RestorePlan plan = plan(model, CatalogModel.at(second));
      assertThat(plan.lineage().uid()).isEqualTo(model.uid());
    } catch (PgBackupException refusal) {
      INSTANT
          .matcher(refusal.problem().hint().orElseThrow())
          .results()
          .forEach(named -> assertThat(model.reaches(Instant.parse(named.group()))).isTrue());
    }
  }

  private boolean plans(CatalogModel model, Instant instant) {
    try {
      plan(model, instant);
      return true;
    } catch (PgBackupException _) {
      return false;
    }
  }

  private RestorePlan plan(CatalogModel model, Instant instant) {
    return planner.plan(
        CatalogModel.CLUSTER,
        List.of(model.catalog()),
        Optional.empty(),
        new RecoveryTarget.AtTime(instant));
  }

  @Provide
  Arbitrary<CatalogModel> models() {
    Arbitrary<Span> spans =
        Combinators.combine(
                Arbitraries.integers().between(0, SEGMENTS - 1),
                Arbitraries.integers().between(0, 3))
            .as((start, length) -> new Span(start, Math.min(SEGMENTS - 1, start + length)));
    return Combinators.combine(
            Arbitraries.integers().between(0, SEGMENTS - 1).set().ofMaxSize(4),
            spans.list().ofMaxSize(5).uniqueElements(Span::start))
        .as((lost, backups) -> new CatalogModel(SEGMENTS, lost, backups, new LineageUid("only")));
  }
}
