package io.pgbackup.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.kubernetes.ClusterRecords.Kept;
import io.pgbackup.kubernetes.report.ClusterRecord;
import io.pgbackup.kubernetes.report.ClusterRecord.At;
import io.pgbackup.kubernetes.report.ClusterRecord.Known;
import io.pgbackup.kubernetes.report.ClusterRecord.Window;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class RecordsViewTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final Kept ORDERS =
      new Kept(
          "shop",
          "orders-pgbackup-status",
          new ClusterRecord(
              "shop/orders",
              Optional.of("orders-0"),
              Optional.of("two"),
              List.of(
                  new Known(NOW.minusSeconds(900_000), "one", "s3://backups/shop/orders/one/17"),
                  new Known(NOW.minusSeconds(9_000), "two", "s3://backups/shop/orders/two/17")),
              "One problem",
              "Retention has deleted nothing for a day.",
              List.of("retention: no answer"),
              List.of(
                  new Window(NOW.minusSeconds(8_000), NOW.minusSeconds(7_000)),
                  new Window(NOW.minusSeconds(6_000), NOW.minusSeconds(20))),
              Optional.of(new At("base_000000020000000000000006", NOW.minusSeconds(6_100))),
              Optional.of(new At("000000020000000000000009", NOW.minusSeconds(20))),
              OptionalDouble.of(0),
              "0.1.0",
              NOW.minusSeconds(30)));

  private static final Kept NEW =
      new Kept(
          "test",
          "new-pgbackup-status",
          new ClusterRecord(
              "test/new",
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
              NOW.minusSeconds(7_200)));

  @Test
  void aClusterHasARowForEachWindow() {
    assertThat(RecordsView.table(List.of(ORDERS, NEW), NOW))
        .isEqualTo(
            """
            NAMESPACE  CLUSTER      UID  STATE          RESTORABLE FROM       TO                    SAID
            shop       shop/orders  two  One problem    2026-11-21T02:46:40Z  2026-11-21T03:03:19Z  30 s ago
                                                        2026-11-21T03:20:00Z  2026-11-21T04:59:39Z
            test       test/new     ?    Not known yet  nothing yet                                 2 h ago
            """);
  }

  @Test
  void oneClusterIsToldWithItsEarlierLineages() {
    assertThat(RecordsView.text(ORDERS, NOW))
        .isEqualTo(
            """
            shop/orders  two
              state       One problem
                          Retention has deleted nothing for a day.
              restorable  from 2026-11-21T02:46:40Z to 2026-11-21T03:03:19Z
              restorable  from 2026-11-21T03:20:00Z to 2026-11-21T04:59:39Z
              backup      base_000000020000000000000006, 2026-11-21T03:18:20Z
              wal         000000020000000000000009, 2026-11-21T04:59:40Z
              archive     s3://backups/shop/orders/two/17
              earlier     one, since 2026-11-10T19:00:00Z
              agent       0.1.0 in orders-0, said so 30 s ago
              PROBLEM     retention: no answer
            """);
    assertThat(RecordsView.text(NEW, NOW)).contains("said so 2 h ago: it may be gone");
  }

  @Test
  void scriptsGetAllOfIt() {
    assertThat(JsonOutput.render(RecordsView.json(List.of(ORDERS, NEW), NOW)))
        .contains(
            "\"namespace\": \"shop\"",
            "\"configMap\": \"orders-pgbackup-status\"",
            "\"uid\": \"two\"",
            "\"since\": \"2026-11-21T02:30:00Z\"",
            "\"detail\": \"Retention has deleted nothing for a day.\"",
            "\"silent\": true",
            "\"updatedAt\": \"2026-11-21T04:59:30Z\"",
            "\"lagSeconds\": 0.0",
            "\"lagSeconds\": null");
  }
}
