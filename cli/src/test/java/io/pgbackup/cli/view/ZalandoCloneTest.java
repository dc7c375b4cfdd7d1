package io.pgbackup.cli.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestorePlan;
import java.net.URI;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZalandoCloneTest {
  private static final Instant INSTANT = Instant.parse("2026-11-20T03:00:00.25Z");

  private static RestorePlan plan(RecoveryTarget target) {
    LineageCatalog orders = Catalogs.orders();
    return new RestorePlan(
        orders.lineage(),
        target,
        List.of(orders.backups().getFirst()),
        TimelineHistory.root(new Timeline(1)),
        WalSegmentSize.DEFAULT,
        Collections.unmodifiableSortedSet(new TreeSet<>()));
  }

  private static StorageConfig storage(String url, Optional<URI> endpoint, boolean pathStyle) {
    return new StorageConfig(
        URI.create(url),
        endpoint,
        "us-east-1",
        pathStyle,
        Optional.empty(),
        Optional.empty(),
        "pgbackup");
  }

  @Test
  void itIsYamlThatTheOperatorKnows() throws Exception {
    RestorePlan plan = plan(new RecoveryTarget.AtTime(INSTANT));
    String text =
        ZalandoClone.text(
            plan,
            storage("s3://back_ups", Optional.of(URI.create("https://minio.example:9000")), true));

    JsonNode clone = new YAMLMapper().readTree(text).at("/spec/clone");
    assertThat(clone.properties()).hasSize(6);
    assertThat(clone.path("cluster").asText()).isEqualTo("orders");
    assertThat(clone.path("uid").asText()).isEqualTo(plan.lineage().uid().value());
    assertThat(clone.path("timestamp").asText()).isEqualTo("2026-11-20T03:00:00.25+00:00");
    assertThat(clone.path("s3_wal_path").asText() + "/")
        .isEqualTo("s3://back_ups/" + plan.lineage().prefix());
    assertThat(clone.path("s3_endpoint").asText()).isEqualTo("https://minio.example:9000");
    assertThat(clone.path("s3_force_path_style").asBoolean()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-20T03:00:00Z, 2026-11-20T03:00:00+00:00",
    "2026-11-20T03:00:00.123456Z, 2026-11-20T03:00:00.123456+00:00"
  })
  void theInstantIsNotRoundedAndHasANumericOffset(Instant instant, String written) {
    assertThat(
            ZalandoClone.text(
                plan(new RecoveryTarget.AtTime(instant)),
                storage("s3://backups", Optional.empty(), false)))
        .contains("timestamp: \"" + written + "\"")
        .doesNotContain("endpoint", "path_style");
  }

  @Test
  void whatTheOperatorCannotDoIsRefused() {
    StorageConfig s3 = storage("s3://backups", Optional.empty(), false);
    RestorePlan latest = plan(new RecoveryTarget.Latest());
    RestorePlan past =
        plan(new RecoveryTarget.AtTime(INSTANT)).readAsOf(Optional.of(INSTANT.plusSeconds(60)));

    assertThatThrownBy(() -> ZalandoClone.text(latest, s3))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("--latest");
    assertThatThrownBy(() -> ZalandoClone.text(past, s3))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("--as-of");
  }
}
