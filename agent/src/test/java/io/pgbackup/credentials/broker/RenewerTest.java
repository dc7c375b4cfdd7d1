package io.pgbackup.credentials.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class RenewerTest {
  private static final ClusterId BROKEN = new ClusterId("shop", "broken");

  /// A place that does not answer.
  private record Hanging(CountDownLatch end) implements CredentialSink {
    @Override
    public String name() {
      return "hanging";
    }

    @Override
    public Optional<CredentialDocument> current() {
      try {
        end.await();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
      return Optional.empty();
    }

    @Override
    public void write(CredentialDocument document) {}
  }

  private static RenewedOutput output(ClusterId cluster, CredentialSink sink) {
    return new RenewedOutput(cluster, Optional.empty(), Role.ARCHIVER, Optional.empty(), sink);
  }

  @Test
  void oneThatFailsAndOneThatHangsDoNotStopTheOthers() {
    SimulatedBroker broker = new SimulatedBroker(Duration.ofHours(12), _ -> false);
    MemorySink sink = new MemorySink();
    CountDownLatch end = new CountDownLatch(1);

    try (Renewer renewer =
        Renewer.start(
            List.of(
                output(BROKEN, new MemorySink()),
                output(SimulatedBroker.ORDERS, new Hanging(end)),
                output(SimulatedBroker.ORDERS, sink)),
            (cluster, _) -> {
              if (cluster.equals(BROKEN)) {
                throw SimulatedBroker.awayProblem();
              }
              return SimulatedBroker.holder(cluster);
            },
            broker,
            broker,
            new QuietListener())) {
      await().until(() -> sink.current().isPresent());
      await().until(() -> renewer.states().getFirst().failures() > 0);

      assertThat(renewer.states().get(1).expiration()).isEmpty();
      await()
          .untilAsserted(
              () ->
                  assertThat(renewer.states().getLast().expiration())
                      .contains(broker.instant().plus(Duration.ofHours(12))));
      end.countDown();
    }
  }
}
