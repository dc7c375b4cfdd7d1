package io.pgbackup.kubernetes.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.kubernetes.report.ClusterRecord.Known;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordMapTest {
  private static final String MAP = "/api/v1/namespaces/shop/configmaps/orders";
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final String ONE = "2026-11-01T00:00:00Z one s3://backups/one/17";
  private static final String TWO = "2026-11-21T05:00:00Z two s3://backups/two/17";

  private final MemoryApi api = new MemoryApi();

  private static ClusterRecord record(String cluster, String since, String uid) {
    return new ClusterRecord(
        cluster,
        Optional.of("orders-0"),
        Optional.of(uid),
        List.of(new Known(Instant.parse(since), uid, "s3://backups/%s/17".formatted(uid))),
        "Protected",
        "",
        List.of(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        OptionalDouble.of(0.5),
        "0.1.0",
        NOW);
  }

  /// By an agent that starts.
  private void write(ClusterRecord record) throws IOException {
    new RecordMap(api, "shop", "orders").write(record, /* takesOver= */ true);
  }

  private void edit(String key, String value) {
    api.objects.computeIfPresent(
        MAP,
        (_, map) -> {
          map.withObjectProperty("data").put(key, value);
          return map;
        });
  }

  private List<String> lineages() {
    return api.record().getOrDefault("lineages", "").lines().toList();
  }

  @ParameterizedTest
  @CsvSource({
    "lagSeconds, unknown",
    "updatedAt, yesterday",
    "windows, all",
    "lastSegment, 000000010000000000000005"
  })
  void noLineageIsForgottenWhereAnotherValueIsNotUnderstood(String key, String value)
      throws IOException {
    write(record("shop/orders", "2026-11-01T00:00:00Z", "one"));
    edit(key, value);
    write(record("shop/orders", "2026-11-21T05:00:00Z", "two"));

    assertThat(lineages()).containsExactly(ONE, TWO);
    assertThat(api.record()).containsEntry("uid", "two").containsEntry("lagSeconds", "0.5");
  }

  @Test
  void aLineThatIsNotUnderstoodStays() throws IOException {
    write(record("shop/orders", "2026-11-01T00:00:00Z", "one"));
    edit("lineages", ONE + "\nzero, of a newer agent\n");
    write(record("shop/orders", "2026-11-21T05:00:00Z", "two"));
    write(record("shop/orders", "2026-11-21T05:00:00Z", "two"));

    assertThat(lineages()).containsExactly("zero, of a newer agent", ONE, TWO);
  }

  @Test
  void theRecordOfAnotherClusterIsLeftAlone() throws IOException {
    write(record("shop/orders", "2026-11-01T00:00:00Z", "one"));

    assertThatThrownBy(() -> write(record("shop/copy", "2026-11-21T05:00:00Z", "two")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the ConfigMap shop/orders is the record of shop/orders")
        .hasMessageContaining("kubernetes.configMap");
    assertThat(api.record()).containsEntry("cluster", "shop/orders");
    assertThat(lineages()).containsExactly(ONE);
  }

  @Test
  void afterTheRecordOfAnotherClusterWasDeletedOursIsMade() throws IOException {
    RecordMap ours = new RecordMap(api, "shop", "orders");
    ClusterRecord copy = record("shop/copy", "2026-11-21T05:00:00Z", "two");
    write(record("shop/orders", "2026-11-01T00:00:00Z", "one"));
    assertThatThrownBy(() -> ours.write(copy, /* takesOver= */ true))
        .isInstanceOf(IOException.class);
    api.objects.clear();
    ours.write(copy, /* takesOver= */ true);

    assertThat(lineages()).containsExactly(TWO);
  }
}
