package io.pgbackup.kubernetes.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.pgbackup.config.PgBackupConfig.KubernetesConfig;
import io.pgbackup.status.BackupRunView.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterReportTest {
  private static final String MAP = "/api/v1/namespaces/shop/configmaps/orders-pgbackup-status";

  @TempDir private Path token;
  private final AgentState state = new AgentState();
  private final MemoryApi api = new MemoryApi();
  private ClusterReport report;

  @BeforeEach
  void inAPod() throws IOException {
    Files.writeString(token.resolve("namespace"), "shop");
    report = agent();
  }

  private ClusterReport agent() {
    return new ClusterReport(
        new KubernetesConfig(
            /* enabled= */ true,
            Optional.of("orders-0"),
            Optional.of("pod-uid"),
            Optional.empty(),
            Optional.empty(),
            token),
        api,
        state::snapshot,
        state::claim,
        state.clock);
  }

  private void look(long seconds) {
    state.now = state.now.plusSeconds(seconds);
    report.look();
  }

  @Test
  void tellsWhoTheClusterIsAndHowItIs() {
    look(0);

    assertThat(api.object(MAP).path("metadata").path("labels").toString())
        .isEqualTo(
            "{\"app.kubernetes.io/managed-by\":\"pgbackup\",\"pgbackup.io/record\":\"cluster\"}");
    assertThat(api.record())
        .containsEntry("cluster", "shop/orders")
        .containsEntry("uid", "uid-one")
        .containsEntry("archive", "s3://backups/pgbackup/shop/orders/uid-one/17")
        .containsEntry("state", "Protected")
        .containsEntry("windows", "2026-11-21T03:03:20Z/2026-11-21T04:59:30Z");
  }

  @Test
  void anotherAgentOfTheClusterGoesOnInItsRecord() {
    look(0);
    state.uid = Optional.of("uid-two");
    state.claimedAt = AgentState.START;
    report = agent();
    look(60);

    assertThat(api.record().getOrDefault("lineages", "").lines())
        .containsExactly(
            "2026-11-01T00:00:00Z uid-one s3://backups/pgbackup/shop/orders/uid-one/17",
            "2026-11-21T05:00:00Z uid-two s3://backups/pgbackup/shop/orders/uid-two/17");
  }

  @Test
  void writesAtOnceWhatMattersAndTheRestOnceAMinute() {
    look(0);
    api.asked.clear();

    for (int i = 0; i < 11; i++) {
      state.windowEnd = state.windowEnd.plusSeconds(5);
      look(5);
    }
    assertThat(api.asked).isEmpty();
    look(5);
    assertThat(api.asked).containsExactly("PUT configmaps");

    state.problem("catalog", "storage", "no answer");
    look(5);
    assertThat(api.asked).containsExactly("PUT configmaps", "PUT configmaps");
    assertThat(api.record()).containsEntry("problems", "catalog: no answer");
  }

  /// P85.
  @Test
  void thatItIsProtectedIsSaidOfNowAndNotOfOnce() {
    look(0);
    assertThat(api.record()).containsEntry("state", "Protected");

    state.problem("catalog", "storage", "no answer");
    look(5);
    assertThat(api.record()).containsEntry("state", "One problem");

    state.problems.clear();
    look(5);
    assertThat(api.record()).containsEntry("state", "Protected").doesNotContainKey("problems");
  }

  @Test
  void theAgentOfAStandbyWritesNoRecord() {
    state.role = Optional.of("standby");
    look(0);
    state.role = Optional.empty();
    look(60);

    assertThat(api.record()).isEmpty();
    assertThat(api.reasons()).containsExactly("Normal LineageResolved");
  }

  @Test
  void whatSomebodyElseChangedIsReadAgain() {
    look(0);
    api.object(MAP).withObjectProperty("metadata").put("resourceVersion", "other");
    api.object(MAP).withObjectProperty("metadata").putObject("annotations").put("team", "shop");
    state.problem("catalog", "storage", "no answer");
    look(5);

    assertThat(api.record()).containsKey("problems");
    assertThat(api.object(MAP).path("metadata").path("annotations").path("team").asText())
        .isEqualTo("shop");
  }

  @Test
  void aRecordThatWasDeletedIsMadeAgain() {
    look(0);
    api.objects.remove(MAP);
    look(301);

    assertThat(api.record()).containsEntry("uid", "uid-one");
  }

  @Test
  void aForeignConfigMapIsLeftAlone() {
    JsonNode foreign =
        JsonNodeFactory.instance
            .objectNode()
            .set("data", JsonNodeFactory.instance.objectNode().put("mine", "yes"));
    api.objects.put(MAP, foreign.deepCopy());
    look(0);

    assertThat(api.record()).containsOnlyKeys("mine");
  }

  @Test
  void withoutARightToEventsTheRecordIsWrittenAndTheOtherWayRound() {
    api.forbidden.add("POST events");
    look(0);
    assertThat(api.record()).containsEntry("uid", "uid-one");

    api.forbidden.add("PUT configmaps");
    api.forbidden.remove("POST events");
    state.ran("1", State.COMPLETED);
    look(61);
    assertThat(api.reasons()).containsExactly("Normal BaseBackupCompleted");
  }

  @Test
  void asksOnceAMinuteWhileNobodyAnswersAndTellsThenWhatCame() {
    api.down = true;
    look(0);
    for (int i = 0; i < 11; i++) {
      look(5);
    }
    state.ran("1", State.COMPLETED);
    assertThat(api.asked).hasSize(2);

    api.down = false;
    look(5);

    assertThat(api.reasons())
        .containsExactly("Normal LineageResolved", "Normal BaseBackupCompleted");
    assertThat(api.record()).containsEntry("uid", "uid-one");
  }

  @Test
  void withoutATokenItGoesOn() throws IOException {
    Files.delete(token.resolve("namespace"));
    look(0);

    assertThat(api.asked).isEmpty();
  }

  @Test
  void theSameThingAgainCountsUp() {
    look(0);
    for (int i = 0; i < 3; i++) {
      state.problem("wal", "storage", "no answer");
      look(40);
      state.problems.clear();
      look(40);
    }

    assertThat(api.reasons())
        .containsExactly(
            "Normal LineageResolved", "Warning ArchivingFailed", "Normal ArchivingWorks");
    JsonNode failed = api.events().get(1);
    assertThat(failed.path("series").path("count").asInt()).isEqualTo(3);
    assertThat(failed.path("series").path("lastObservedTime").asText())
        .isEqualTo("2026-11-21T05:03:20.000000Z");
    assertThat(failed.path("regarding").path("uid").asText()).isEqualTo("pod-uid");
  }

  @Test
  void whatFlapsIsToldNoOftenerThanItsShare() {
    look(0);
    for (int i = 0; i < 60; i++) {
      state.problem("wal", "storage", "no answer " + i);
      look(5);
      state.problems.clear();
      look(5);
    }

    // ten at once, and one in each half minute of the ten minutes
    assertThat(
            Collections.frequency(api.asked, "POST events")
                + Collections.frequency(api.asked, "PATCH events"))
        .isBetween(25, 31);
  }

  @Test
  void saysThatTheAgentHasEnded() {
    look(0);
    report.close();

    assertThat(api.record())
        .containsEntry("state", "The agent is stopped")
        .containsEntry("uid", "uid-one");
  }

  private void theRecordIsNowOf(String pod) {
    api.objects.computeIfPresent(
        MAP,
        (_, map) -> {
          map.withObjectProperty("metadata").put("resourceVersion", "other");
          map.withObjectProperty("data").put("pod", pod).put("state", "Protected elsewhere");
          return map;
        });
  }

  @Test
  void aPrimaryOfBeforeSaysNothingMoreInTheRecordOfTheOneThatWasPromoted() {
    look(0);
    theRecordIsNowOf("orders-1");

    state.role = Optional.empty();
    state.problem("postgres", "postgres", "no answer");
    look(5);
    assertThat(api.record()).containsEntry("state", "Protected elsewhere");

    state.role = Optional.of("primary");
    report.close();
    assertThat(api.record())
        .containsEntry("pod", "orders-1")
        .containsEntry("state", "Protected elsewhere");
  }

  @Test
  void anAgentThatSeesAPrimaryTakesTheRecordOver() {
    look(0);
    theRecordIsNowOf("orders-1");
    state.problem("catalog", "storage", "no answer");
    look(5);

    assertThat(api.record()).containsEntry("pod", "orders-0").containsKey("problems");
  }
}
