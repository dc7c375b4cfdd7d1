package io.pgbackup.credentials.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RenewalTest {
  private static final Instant START = Instant.parse("2026-11-21T00:00:00Z");

  private static Renewal renewal(SimulatedBroker broker, CredentialSink sink) {
    return new Renewal(
        output(sink),
        (cluster, _) -> SimulatedBroker.holder(cluster),
        broker,
        broker,
        new QuietListener());
  }

  private static RenewedOutput output(CredentialSink sink) {
    return new RenewedOutput(
        SimulatedBroker.ORDERS, Optional.empty(), Role.ARCHIVER, Optional.empty(), sink);
  }

  private static boolean isValid(CredentialDocument document, Instant now) {
    return document.expiration().map(now::isBefore).orElse(true);
  }

  /// Whenever the broker goes away for less than half of the life, whatever the life.
  @Property(tries = 500)
  void thereIsAlwaysAValidCredentialWhereTheBrokerIsAwayForLessThanHalfItsLife(
      @ForAll @IntRange(min = 900, max = 86_400) int life,
      @ForAll @IntRange(min = 1, max = 400_000) int awayFrom,
      @ForAll @IntRange(min = 1, max = 1000) int partOfHalf) {
    Instant from = START.plusSeconds(awayFrom);
    Instant until = from.plusMillis(life * 1000L / 2 * partOfHalf / 1000);
    SimulatedBroker broker =
        new SimulatedBroker(
            Duration.ofSeconds(life), now -> !now.isBefore(from) && now.isBefore(until));
    MemorySink sink = new MemorySink();
    Renewal renewal = renewal(broker, sink);

    Duration wait = renewal.step();
    while (broker.instant().isBefore(until.plusSeconds(2L * life))) {
      broker.pass(wait);
      // until this step the last one has to do
      assertThat(isValid(sink.current().orElseThrow(), broker.instant())).isTrue();
      wait = renewal.step();
    }
  }

  @Property(tries = 100)
  void renewsAtMostThreeTimesInOneLife(@ForAll @IntRange(min = 900, max = 86_400) int life) {
    SimulatedBroker broker = new SimulatedBroker(Duration.ofSeconds(life), _ -> false);
    Renewal renewal = renewal(broker, new MemorySink());

    while (!broker.instant().isAfter(START.plusSeconds(life))) {
      broker.pass(renewal.step());
    }

    assertThat(broker.issued()).isBetween(2, 3);
  }

  @Test
  void keepsTheOldOneWhileTheNextCannotBeHad() {
    SimulatedBroker broker =
        new SimulatedBroker(Duration.ofHours(1), now -> now.isAfter(START.plusSeconds(60)));
    MemorySink sink = new MemorySink();
    Renewal renewal = renewal(broker, sink);
    renewal.step();
    CredentialDocument first = sink.current().orElseThrow();

    broker.pass(Duration.ofMinutes(40));
    Duration wait = renewal.step();

    assertThat(sink.current()).contains(first);
    assertThat(renewal.failures()).isEqualTo(1);
    assertThat(renewal.expiration()).contains(START.plus(Duration.ofHours(1)));
    assertThat(wait).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void asksLessAndLessOftenOnceTheCredentialHasExpired() {
    SimulatedBroker broker = new SimulatedBroker(Duration.ofHours(1), now -> now.isAfter(START));
    Renewal renewal = renewal(broker, new MemorySink());
    renewal.step();
    broker.pass(Duration.ofHours(2));

    Duration wait = Duration.ZERO;
    for (int i = 0; i < 10; i++) {
      Duration next = renewal.step();
      assertThat(next).isGreaterThanOrEqualTo(wait);
      wait = next;
    }

    assertThat(wait).isEqualTo(Duration.ofMinutes(1));
    assertThat(renewal.failures()).isEqualTo(10);
  }

  @Test
  void aNewStartTakesWhatLiesThere() {
    SimulatedBroker broker = new SimulatedBroker(Duration.ofHours(12), _ -> false);
    MemorySink sink = new MemorySink();
    renewal(broker, sink).step();
    broker.pass(Duration.ofHours(1));

    Renewal second = renewal(broker, sink);
    second.step();

    assertThat(broker.issued()).isEqualTo(1);
    assertThat(second.expiration()).contains(START.plus(Duration.ofHours(12)));
  }

  @Test
  void whatSomebodyRemovedIsIssuedAgain() {
    SimulatedBroker broker = new SimulatedBroker(Duration.ZERO, _ -> false);
    MemorySink sink = new MemorySink();
    Renewal renewal = renewal(broker, sink);
    renewal.step();
    sink.clear();

    broker.pass(renewal.step());

    assertThat(sink.current()).isPresent();
    assertThat(broker.issued()).isEqualTo(2);
  }

  @Test
  void whatDoesNotExpireIsNotRenewed() {
    SimulatedBroker broker = new SimulatedBroker(Duration.ZERO, _ -> false);
    MemorySink sink = new MemorySink();
    Renewal renewal = renewal(broker, sink);
    renewal.step();
    CredentialDocument first = sink.current().orElseThrow();
    for (int i = 0; i < 1000; i++) {
      broker.pass(renewal.step());
    }

    assertThat(sink.current()).contains(first);
    assertThat(renewal.expiration()).isEmpty();
  }

  @Test
  void aStaticKeyThatSomebodyChangedIsPublished() {
    SimulatedBroker broker = new SimulatedBroker(Duration.ZERO, _ -> false);
    MemorySink sink = new MemorySink();
    Renewal renewal = renewal(broker, sink);
    Duration wait = renewal.step();
    assertThat(sink.current()).map(it -> it.keys().accessKeyId()).contains("id1");

    broker.changeKey();
    broker.pass(wait);
    renewal.step();

    assertThat(sink.current()).map(it -> it.keys().accessKeyId()).contains("id2");
  }

  @Test
  void oneThatTheStoreEndedIsReplacedAtTheNextLook() {
    SimulatedBroker broker = new SimulatedBroker(Duration.ofHours(12), _ -> false);
    MemorySink sink = new MemorySink();
    Renewal renewal = renewal(broker, sink);
    Duration wait = renewal.step();
    CredentialDocument first = sink.current().orElseThrow();

    broker.end(first);
    broker.pass(wait);
    renewal.step();

    assertThat(wait).isLessThanOrEqualTo(RenewalSchedule.LOOK);
    assertThat(sink.current()).isPresent().isNotEqualTo(Optional.of(first));
    assertThat(broker.issued()).isEqualTo(2);
  }

  @Test
  void anotherRolesOrClustersCredentialDoesNotStay() {
    SimulatedBroker broker = new SimulatedBroker(Duration.ofHours(12), _ -> false);
    MemorySink sink = new MemorySink();
    sink.write(
        broker.issue(
            SimulatedBroker.holder(SimulatedBroker.ORDERS), Role.RETENTION, Optional.empty()));

    renewal(broker, sink).step();

    assertThat(sink.current()).map(CredentialDocument::role).contains(Role.ARCHIVER);
  }

  @Test
  void aClusterThatIsNotInTheInventoryIsAskedForAgain() {
    SimulatedBroker broker = new SimulatedBroker(Duration.ofHours(12), _ -> false);
    MemorySink sink = new MemorySink();
    Renewal renewal =
        new Renewal(
            output(sink),
            (_, _) -> {
              throw Problem.refused("shop/orders is not in the inventory", "Bootstrap it.")
                  .asException();
            },
            broker,
            broker,
            new QuietListener());

    assertThat(renewal.step()).isPositive();
    assertThat(renewal.failures()).isEqualTo(1);
    assertThat(sink.current()).isEmpty();
  }
}
