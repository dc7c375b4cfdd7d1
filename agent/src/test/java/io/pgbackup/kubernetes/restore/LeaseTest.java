package io.pgbackup.kubernetes.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.SteppingClock;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One restore of a StatefulSet at a time, whoever asks at the same moment.
class LeaseTest {
  private static final String ANNA = "anna@laptop/1";
  private static final String BERT = "bert@desk/2";

  private final SteppingClock clock =
      new SteppingClock(Instant.parse("2026-11-21T12:00:00.123456789Z"));
  private LeaseServer server;
  private KubernetesClient client;
  private ClusterApi annas;
  private ClusterApi berts;

  @BeforeEach
  void connect() throws IOException {
    server = new LeaseServer();
    client =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder()
                    .withAutoConfigure(false)
                    .withMasterUrl(server.address())
                    .withRequestRetryBackoffLimit(0)
                    .build())
            .build();
    annas = new ClusterApi(client, MemoryCluster.ORDERS, clock);
    berts = new ClusterApi(client, MemoryCluster.ORDERS, clock);
  }

  @AfterEach
  void disconnect() {
    client.close();
    server.close();
  }

  private static void assertRefused(ThrowingCallable command, String message) {
    assertThatThrownBy(command)
        .isInstanceOf(PgBackupException.class)
        .hasMessage(message + " has taken the lease of restores of shop/orders")
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .isInstanceOf(Problem.Refused.class);
  }

  private String holder() {
    return annas.holder().orElseThrow().who();
  }

  @Test
  void theSecondOneIsRefusedWhileTheFirstLives() {
    annas.hold(ANNA, false);

    assertRefused(() -> berts.hold(BERT, false), ANNA);
    clock.advance(RestoreApi.LEASE.minusSeconds(1));
    annas.hold(ANNA, false);
    clock.advance(RestoreApi.LEASE.minusSeconds(1));
    assertRefused(() -> berts.hold(BERT, false), ANNA);
    assertThat(holder()).isEqualTo(ANNA);
  }

  @Test
  void whoIsDeadIsFollowedAfterTheLease() {
    annas.hold(ANNA, false);
    clock.advance(RestoreApi.LEASE.plusSeconds(1));

    berts.hold(BERT, false);

    assertThat(holder()).isEqualTo(BERT);
  }

  @Test
  void whatWasGivenBackIsFree() {
    annas.hold(ANNA, false);
    annas.release(ANNA);
    assertThat(annas.holder()).isEmpty();

    berts.hold(BERT, false);
    annas.release(ANNA);

    assertThat(holder()).as("only one's own is given back").isEqualTo(BERT);
  }

  /// Somebody who said that the other is dead was wrong: that one must notice, and go no further.
  @Test
  void whoeverWasTakenOverIsRefusedAtHisNextStep() {
    annas.hold(ANNA, false);

    berts.hold(BERT, true);

    assertThat(holder()).isEqualTo(BERT);
    clock.advance(Duration.ofSeconds(6));
    assertRefused(() -> annas.hold(ANNA, false), BERT);
    berts.hold(BERT, false);
    assertThat(holder()).isEqualTo(BERT);
  }

  /// Both have read the same before either writes: the API server takes one of the two.
  @ParameterizedTest
  @ValueSource(strings = {"nobody's", "a dead one's"})
  void ofTwoAtOnceOneIsRefused(String before) throws Exception {
    if (before.equals("a dead one's")) {
      new ClusterApi(client, MemoryCluster.ORDERS, clock).hold("dead@host/3", false);
      clock.advance(RestoreApi.LEASE.plusSeconds(1));
    }

    List<String> outcomes = both(false);

    assertThat(outcomes).containsOnlyOnce("held");
    assertThat(outcomes)
        .containsOnlyOnce(holder() + " has taken the lease of restores of shop/orders");
  }

  @Test
  void ofTwoWhoTakeOverAtOnceOneIsRefused() throws Exception {
    new ClusterApi(client, MemoryCluster.ORDERS, clock).hold("other@host/3", false);

    List<String> outcomes = both(true);

    assertThat(outcomes).containsOnlyOnce("held");
    assertThat(holder()).isIn(ANNA, BERT);
  }

  @Test
  void aWriteWhoseAnswerWasLostIsNobodyElses() {
    server.loseTheNextAnswer(() -> {});
    annas.hold(ANNA, false);
    assertThat(holder()).isEqualTo(ANNA);

    clock.advance(Duration.ofSeconds(6));
    server.loseTheNextAnswer(() -> {});
    annas.hold(ANNA, false);
    assertThat(holder()).isEqualTo(ANNA);

    server.loseTheNextAnswer(() -> {});
    annas.release(ANNA);
    assertThat(annas.holder()).isEmpty();
  }

  @Test
  void aWriteWhoseAnswerWasLostMayHaveBeenTakenOverMeanwhile() {
    server.loseTheNextAnswer(() -> berts.hold(BERT, true));

    assertRefused(() -> annas.hold(ANNA, false), BERT);
    assertThat(holder()).isEqualTo(BERT);
  }

  private List<String> both(boolean takeOver) throws Exception {
    server.answerReadsTogether(2);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<String>> outcomes =
          Stream.of(
                  threads.submit(() -> outcome(annas, ANNA, takeOver)),
                  threads.submit(() -> outcome(berts, BERT, takeOver)))
              .toList();
      return List.of(outcomes.getFirst().get(), outcomes.getLast().get());
    }
  }

  private static String outcome(ClusterApi api, String who, boolean takeOver) {
    try {
      api.hold(who, takeOver);
      return "held";
    } catch (PgBackupException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
