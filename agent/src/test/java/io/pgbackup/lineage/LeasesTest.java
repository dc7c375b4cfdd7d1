package io.pgbackup.lineage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SteppingClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LeasesTest {
  private static final StoreFolder PREFIX = StoreFolder.of("a/b");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final SteppingClock clock = new SteppingClock(Instant.parse("2026-08-20T10:00:00Z"));
  private final FaultyStore store = new FaultyStore();
  private final List<Duration> pauses = new ArrayList<>();
  private final Leases leases =
      new Leases(
          store,
          clock,
          MINUTE,
          pause -> {
            pauses.add(pause);
            clock.advance(pause);
          });

  @Test
  void theSecondIsRefusedAndToldWhoHoldsItAndUntilWhen() {
    try (Lease _ = leases.acquire(PREFIX, "backup", "backup on db-1")) {
      assertThatThrownBy(() -> leases.acquire(PREFIX, "backup", "backup on db-2"))
          .hasMessage(
              "a/b/pgbackup/leases/backup.json is held by backup on db-1 until"
                  + " 2026-08-20T10:01:00Z")
          .extracting(e -> ((PgBackupException) e).problem())
          .isInstanceOf(Problem.Refused.class);
    }
  }

  @Test
  void otherNamesAreOtherLeases() {
    try (Lease _ = leases.acquire(PREFIX, "backup", "one")) {
      assertThatCode(() -> leases.acquire(PREFIX, "restore-1", "two").close())
          .doesNotThrowAnyException();
    }
  }

  @Test
  void aReleasedLeaseIsFreeAtOnce() {
    leases.acquire(PREFIX, "backup", "one").close();

    try (Lease next = leases.acquire(PREFIX, "backup", "two")) {
      assertThat(next.isHeld()).isTrue();
    }
  }

  /// As that of a base backup is whose agent stops, or that took too long.
  @Test
  void anInterruptedThreadReleasesItToo() {
    Lease lease = leases.acquire(PREFIX, "backup", "one");
    Thread.currentThread().interrupt();

    lease.close();

    assertThat(Thread.interrupted()).as("it stays interrupted").isTrue();
    try (Lease next = new Leases(store, clock).acquire(PREFIX, "backup", "another process")) {
      assertThat(next.isHeld()).isTrue();
    }
  }

  @Test
  void aReleasedLeaseIsFreeForAClockThatIsBehind() {
    SteppingClock ahead = new SteppingClock(clock.instant().plus(Duration.ofDays(365)));
    new Leases(store, ahead, MINUTE, ahead::advance).acquire(PREFIX, "backup", "one").close();

    try (Lease next = leases.acquire(PREFIX, "backup", "two")) {
      assertThat(next.isHeld()).isTrue();
    }
  }

  /// P52.
  @Test
  void anExpiredLeaseIsTakenOverAndItsHolderNotices() {
    Lease dead = leases.acquire(PREFIX, "backup", "one");
    clock.advance(MINUTE);

    try (Lease next = leases.acquire(PREFIX, "backup", "two")) {
      dead.renew();

      assertThat(next.isHeld()).isTrue();
      assertThat(dead.isHeld()).isFalse();
      assertThatThrownBy(dead::requireHeld).hasMessageContaining("no longer held");
      dead.close();
      assertThatThrownBy(() -> leases.acquire(PREFIX, "backup", "three"))
          .hasMessageContaining("held by two");
    }
  }

  @Test
  void renewalKeepsIt() {
    try (Lease lease = leases.acquire(PREFIX, "backup", "one")) {
      clock.advance(Duration.ofSeconds(50));
      lease.renew();
      clock.advance(Duration.ofSeconds(50));

      lease.requireHeld();
      assertThatThrownBy(() -> leases.acquire(PREFIX, "backup", "two"))
          .hasMessageContaining("held by one until 2026-08-20T10:01:50Z");
    }
  }

  @Test
  void aStoreThatFailsOnceDoesNotLoseIt() {
    try (Lease lease = leases.acquire(PREFIX, "backup", "one")) {
      store.failing = true;
      lease.renew();
      store.failing = false;

      assertThat(lease.isHeld()).isTrue();
      lease.renew();
      clock.advance(Duration.ofSeconds(59));
      assertThat(lease.isHeld()).isTrue();
    }
  }

  @Test
  void aStoreThatKeepsFailingEndsIt() {
    Lease lease = leases.acquire(PREFIX, "backup", "one");
    store.failing = true;

    lease.renew();
    clock.advance(MINUTE);

    assertThat(lease.isHeld()).isFalse();
    assertThatCode(lease::close).doesNotThrowAnyException();
  }

  @Test
  void oneThatRanOutInAStormIsHeldAgainWhereNobodyTookIt() {
    try (Lease lease = leases.acquire(PREFIX, "backup", "one")) {
      store.failing = true;
      lease.renew();
      clock.advance(MINUTE.multipliedBy(2));
      assertThatThrownBy(lease::requireHeld)
          .isInstanceOfSatisfying(
              PgBackupException.class,
              e -> assertThat(e.problem().retryMayHelp()).as("a store that answers").isTrue());

      store.failing = false;

      assertThatCode(lease::requireHeld).doesNotThrowAnyException();
      assertThatThrownBy(() -> leases.acquire(PREFIX, "backup", "two"))
          .hasMessageContaining("held by one");
    }
  }

  @Test
  void oneThatRanOutAndWasAnothersMeanwhileIsLost() {
    Lease lease = leases.acquire(PREFIX, "backup", "one");
    clock.advance(MINUTE);
    leases.acquire(PREFIX, "backup", "two").close();

    assertThatThrownBy(lease::requireHeld)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class));
  }

  @Test
  void aRenewalThatTheStoreDidAndDeniedIsOurs() {
    try (Lease lease = leases.acquire(PREFIX, "backup", "one")) {
      store.denying = true;
      lease.renew();
      store.denying = false;
      clock.advance(Duration.ofSeconds(30));
      lease.renew();
      clock.advance(Duration.ofSeconds(50));

      assertThat(lease.isHeld()).isTrue();
    }
  }

  @Test
  void oneThatCouldNotBeReleasedIsFreeForTheNextOfThisProcessOnly() {
    Lease lease = leases.acquire(PREFIX, "backup", "one");
    store.failing = true;
    lease.close();
    store.failing = false;

    assertThatThrownBy(() -> new Leases(store, clock).acquire(PREFIX, "backup", "other process"))
        .hasMessageContaining("held by one");
    try (Lease next = leases.acquire(PREFIX, "backup", "two")) {
      assertThat(next.isHeld()).isTrue();
    }
  }

  @Test
  void oneThatWasTakenAsTheStoreDeniedIsFreeForTheNextAttempt() {
    store.denying = true;
    assertThatThrownBy(() -> leases.acquire(PREFIX, "backup", "one"))
        .hasMessageContaining("does not answer");
    store.denying = false;

    try (Lease next = leases.acquire(PREFIX, "backup", "one")) {
      assertThat(next.isHeld()).isTrue();
    }
  }

  @Test
  void aStormIsWaitedForAsLongAsThereIsPatience() {
    store.answersAfter = clock.instant().plus(MINUTE);

    try (Lease lease = leases.acquire(PREFIX, "backup", "one", MINUTE.multipliedBy(2))) {
      assertThat(lease.isHeld()).isTrue();
      assertThat(clock.instant()).isBeforeOrEqualTo(store.answersAfter.plusSeconds(2));
    }
    store.answersAfter = Instant.MAX;
    assertThatThrownBy(() -> leases.acquire(PREFIX, "backup", "two", MINUTE))
        .hasMessageContaining("does not answer");
  }

  @Test
  void anotherHolderIsNotWaitedFor() {
    try (Lease _ = leases.acquire(PREFIX, "backup", "one")) {
      assertThatThrownBy(() -> leases.acquire(PREFIX, "backup", "two", MINUTE))
          .hasMessageContaining("held by one");
      assertThat(pauses).isEmpty();
    }
  }

  @Test
  void aLostAnswerOfOurOwnIsNotSomebodyElse() {
    try (Lease lease = leases.acquire(PREFIX, "backup", "one")) {
      store.loseAnswers = true;
      lease.renew();
      store.loseAnswers = false;
      lease.renew();

      assertThat(lease.isHeld()).isTrue();
    }
  }

  @Test
  void theKeyIsWrittenAtMostOnceASecond() {
    Lease lease = leases.acquire(PREFIX, "backup", "one");
    clock.advance(Duration.ofMillis(300));

    lease.close();

    assertThat(pauses).containsExactly(Duration.ofMillis(700));
  }

  @Test
  void theHolderRenewsByItself() {
    Leases quick = new Leases(store, clock, Duration.ofMillis(300), clock::advance);
    ObjectKey key = new ObjectKey("a/b/pgbackup/leases/backup.json");

    try (Lease lease = quick.acquire(PREFIX, "backup", "one")) {
      String first = store.head(key).orElseThrow().version();

      await()
          .untilAsserted(
              () -> assertThat(store.head(key).orElseThrow().version()).isNotEqualTo(first));
      assertThat(lease.isHeld()).isTrue();
    }
  }

  private final class FaultyStore extends MemoryObjectStore {
    private volatile boolean failing;
    private volatile boolean denying;
    private volatile Instant answersAfter = Instant.MIN;
    private volatile boolean loseAnswers;

    @Override
    public synchronized Optional<String> replace(
        ObjectKey key, byte[] content, Optional<String> expectedVersion) {
      if (Thread.currentThread().isInterrupted()) {
        throw Problem.storageUnavailable("interrupted", "Try again.").asException();
      }
      if (failing || clock.instant().isBefore(answersAfter)) {
        throw Problem.storageUnavailable("the store does not answer", "Wait.").asException();
      }
      Optional<String> version = super.replace(key, content, expectedVersion);
      if (denying) {
        throw Problem.storageUnavailable("the store does not answer", "Wait.").asException();
      }
      return loseAnswers ? Optional.empty() : version;
    }
  }
}
