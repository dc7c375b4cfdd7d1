package io.pgbackup.kubernetes.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.kubernetes.report.ClusterRecord.At;
import io.pgbackup.kubernetes.report.ClusterRecord.Known;
import io.pgbackup.kubernetes.report.ClusterRecord.Window;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ClusterRecordTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final Known FIRST = known("one", -900_000);
  private static final Known SECOND = known("two", -90_000);

  private static Known known(String uid, long since) {
    return new Known(NOW.plusSeconds(since), uid, "s3://backups/shop/orders/" + uid + "/17");
  }

  private static ClusterRecord record(Optional<String> uid, Known... lineages) {
    return new ClusterRecord(
        "shop/orders",
        Optional.of("orders-0"),
        uid,
        List.of(lineages),
        "One problem",
        "The newest moment that can be restored is ...",
        List.of("storage: no answer", "wal: no answer"),
        List.of(
            new Window(NOW.minusSeconds(900), NOW.minusSeconds(800)),
            new Window(NOW.minusSeconds(700), NOW.minusSeconds(6))),
        Optional.of(new At("base_000000010000000000000002", NOW.minusSeconds(850))),
        Optional.of(new At("000000010000000000000005", NOW.minusSeconds(5))),
        OptionalDouble.of(1.5),
        "0.1.0",
        NOW);
  }

  private static Earlier earlier(ClusterRecord record) {
    return Earlier.in(record.data());
  }

  @Test
  void isReadAsItWasWritten() {
    ClusterRecord whole = record(Optional.of("two"), FIRST, SECOND);

    assertThat(ClusterRecord.parse(whole.data())).contains(whole);
    assertThat(whole.data())
        .containsEntry("uid", "two")
        .containsEntry("archive", "s3://backups/shop/orders/two/17")
        .containsEntry("lastSegmentAt", "2026-11-21T04:59:55Z");
  }

  @Test
  void whatIsNotKnownIsLeftOut() {
    ClusterRecord least =
        new ClusterRecord(
            "shop/orders",
            Optional.empty(),
            Optional.empty(),
            List.of(),
            "Not known yet",
            "",
            List.of(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            OptionalDouble.empty(),
            "0.1.0",
            NOW);

    assertThat(least.data()).containsOnlyKeys("cluster", "state", "detail", "agent", "updatedAt");
    assertThat(ClusterRecord.parse(least.data())).contains(least);
  }

  @Test
  void forgetsNoLineage() {
    ClusterRecord earlier = record(Optional.of("one"), FIRST);

    ClusterRecord later = record(Optional.of("two"), SECOND).after(earlier(earlier));

    assertThat(later.uid()).contains("two");
    assertThat(later.lineages()).containsExactly(FIRST, SECOND);
  }

  @Test
  void afterAnUndoTheEarlierLineageIsTheOneOfNow() {
    ClusterRecord restored = record(Optional.of("two"), FIRST, SECOND);

    ClusterRecord undone = record(Optional.of("one"), FIRST).after(earlier(restored));

    assertThat(undone.uid()).contains("one");
    assertThat(undone.archive()).contains(FIRST.archive());
    assertThat(undone.lineages()).containsExactly(FIRST, SECOND);
  }

  @Test
  void theUidStaysWhileItIsBeingFoundOut() {
    ClusterRecord starting =
        record(Optional.empty()).after(earlier(record(Optional.of("one"), FIRST)));

    assertThat(starting.uid()).contains("one");
    assertThat(starting.archive()).contains(FIRST.archive());
  }

  @Test
  void otherContentIsNoRecord() {
    Map<String, String> broken = new HashMap<>(record(Optional.of("one"), FIRST).data());
    broken.put("windows", "yesterday");

    assertThat(ClusterRecord.parse(broken)).isEmpty();
    assertThat(ClusterRecord.parse(Map.of("pgbackup.yaml", "cluster: {}"))).isEmpty();
  }

  @Test
  void belongsToTheStatefulSetOfItsPod() {
    ClusterRecord whole = record(Optional.of("one"), FIRST);

    assertThat(whole.isOf("orders")).isTrue();
    assertThat(whole.isOf("orders-0")).isFalse();
  }

  @Test
  void twoVersionsOfOneUidAreTwoLineages() {
    Known older = known("one", -900_000);
    Known newer = new Known(NOW, "one", "s3://backups/shop/orders/one/18");

    ClusterRecord upgraded =
        record(Optional.of("one"), newer).after(earlier(record(Optional.of("one"), older)));
    assertThat(upgraded.lineages()).containsExactly(older, newer);
    assertThat(upgraded.archive()).contains(newer.archive());

    ClusterRecord undone = record(Optional.of("one"), older).after(earlier(upgraded));
    assertThat(undone.lineages()).containsExactlyInAnyOrder(older, newer);
    assertThat(undone.archive()).contains(older.archive());
    assertThat(record(Optional.empty()).after(earlier(undone)).archive()).contains(older.archive());
  }

  @Test
  void isReadBesideLineagesThatAreNotUnderstood() {
    Map<String, String> data = new HashMap<>(record(Optional.of("one"), FIRST).data());
    data.merge("lineages", "of a newer agent", (known, other) -> known + "\n" + other);

    assertThat(ClusterRecord.parse(data).orElseThrow().lineages()).containsExactly(FIRST);
  }
}
