package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.archive.WalArchiver.PushResult;
import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.telemetry.Taken;
import io.pgbackup.testing.LogLines;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WalArchiverTest {
  private static final Instant NOW = Instant.parse("2026-08-21T03:00:00Z");
  private static final WalFileName NAME = WalFileName.parse("000000010000000000000001");
  private static final Retry PATIENT = new Retry(Duration.ofHours(1), Duration.ofMillis(1));
  private static final Retry ONCE = new Retry(Duration.ZERO, Duration.ofMillis(1));

  private final MemoryWalEngine engine = new MemoryWalEngine();

  private WalArchiver archiver(Retry retry) {
    return new WalArchiver((_, _, _) -> {}, engine, retry, Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private static Pushed push(WalArchiver archiver, byte... content) {
    return archiver.push(NAME, content, Optional.empty());
  }

  @Test
  void whatTheStoreConfirmedCountsAsArchived() {
    WalArchiver archiver = archiver(ONCE);

    assertThat(push(archiver, (byte) 1, (byte) 2)).isEqualTo(Pushed.STORED);
    assertThat(push(archiver, (byte) 1, (byte) 2)).isEqualTo(Pushed.ALREADY_STORED);

    assertThat(archiver.status())
        .isEqualTo(
            new ArchiveStatus(
                2,
                1,
                4,
                0,
                0,
                0,
                Optional.of(new ArchiveStatus.Archived(NAME, NOW)),
                Optional.empty()));
  }

  /// A busy server writes thousands in an hour: each is a line for DEBUG only.
  @Test
  void aStoredSegmentIsNoLineInTheLog() {
    WalArchiver archiver = archiver(ONCE);

    assertThat(
            LogLines.of(
                WalArchiver.class,
                () -> {
                  push(archiver, (byte) 1);
                  push(archiver, (byte) 1);
                }))
        .isEmpty();
    assertThat(archiver.status().archived()).isEqualTo(2);
  }

  @Test
  void eachPushIsTimedUnderHowItEnded() {
    engine.failuresToCome = 1;
    WalArchiver archiver = archiver(ONCE);
    assertThat(archiver.durations()).isEmpty();

    assertThatThrownBy(() -> push(archiver, (byte) 1)).isInstanceOf(PgBackupException.class);
    push(archiver, (byte) 1);
    push(archiver, (byte) 1);
    assertThatThrownBy(() -> push(archiver, (byte) 2)).isInstanceOf(PgBackupException.class);

    assertThat(counts(archiver.durations()))
        .containsOnly(
            Map.entry(PushResult.FAILED, 1L),
            Map.entry(PushResult.STORED, 2L),
            Map.entry(PushResult.REFUSED, 1L));
  }

  private static Map<PushResult, Long> counts(Map<PushResult, Taken> durations) {
    return durations.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().count()));
  }

  @Test
  void anOutageShorterThanTheWindowGoesUnnoticed() {
    engine.failuresToCome = 3;

    assertThat(push(archiver(PATIENT), (byte) 1)).isEqualTo(Pushed.STORED);
    assertThat(engine.pushes).hasValue(4);
  }

  @Test
  void anOutageLongerThanTheWindowIsReported() {
    engine.failuresToCome = 1;
    WalArchiver archiver = archiver(ONCE);

    assertThatThrownBy(() -> push(archiver, (byte) 1)).hasMessage("the store is away");

    assertThat(archiver.status().failed()).isOne();
    assertThat(archiver.status().archived()).isZero();
    assertThat(archiver.status().lastFailure())
        .hasValueSatisfying(
            failure -> {
              assertThat(failure.name()).isEqualTo(NAME);
              assertThat(failure.problem()).isInstanceOf(Problem.StorageFailed.class);
            });
  }

  @Test
  void aRefusalIsNotTriedAgain() {
    engine.files.put(NAME.text(), new byte[] {9});
    WalArchiver archiver = archiver(PATIENT);

    assertThatThrownBy(() -> push(archiver, (byte) 1)).isInstanceOf(PgBackupException.class);

    assertThat(engine.pushes).hasValue(1);
    assertThat(archiver.status().refused()).isOne();
    assertThat(archiver.status().failed()).isZero();
  }

  @Test
  void whatTheFenceRefusesNeverReachesTheStore() {
    var archiver =
        new WalArchiver(
            (name, _, _) -> {
              throw Problem.refused(name.text() + " is another lineage's", "Look.").asException();
            },
            engine,
            PATIENT,
            Clock.systemUTC());

    assertThatThrownBy(() -> push(archiver, (byte) 1)).hasMessageContaining("another lineage's");
    assertThat(engine.pushes).hasValue(0);
  }

  @Test
  void whatIsLetGoReachesNoStoreAndCountsAsNothing() {
    WalArchiver archiver =
        new WalArchiver(
            () -> new WalDestination((_, _, _) -> {}, engine),
            (_, sender) -> sender.isEmpty(),
            ONCE,
            Clock.systemUTC());

    assertThat(archiver.take(archiver.attempt(NAME), new byte[] {1}, Optional.empty())).isFalse();
    assertThat(engine.pushes).hasValue(0);
    assertThat(archiver.status().archived()).isZero();

    assertThat(
            archiver.take(archiver.attempt(NAME), new byte[] {1}, Optional.of(LineageUid.random())))
        .isTrue();
    assertThat(engine.files).containsOnlyKeys(NAME.text());
    assertThat(archiver.status().archived()).isOne();
  }

  @Test
  void whatWasStoredAheadIsNotLetGo() {
    boolean[] off = {false};
    WalArchiver archiver =
        new WalArchiver(destination(), (_, _) -> off[0], ONCE, Clock.systemUTC());
    archiver.admitAhead((WalFileName.Segment) NAME, new byte[] {1}).run();
    off[0] = true;

    assertThat(archiver.take(archiver.attempt(NAME), new byte[] {1}, Optional.empty())).isTrue();
    assertThat(archiver.take(archiver.attempt(NAME), new byte[] {1}, Optional.empty())).isFalse();
    assertThat(engine.pushes).hasValue(1);
  }

  private Supplier<WalDestination> destination() {
    WalDestination only = new WalDestination((_, _, _) -> {}, engine);
    return () -> only;
  }

  /// PostgreSQL offers it six times before it stops, and the official image ends its first server
  /// within a minute or not at all.
  @Test
  void whileNoLineageIsKnownTheAnswerComesSoonerThanWhileTheStoreIsAway() {
    AtomicInteger seconds = new AtomicInteger();
    WalArchiver archiver =
        new WalArchiver(
            () -> {
              throw Problem.storageUnavailable("no lineage is known", "Wait.").asException();
            },
            new Retry(Duration.ofSeconds(40), Duration.ofMillis(1)),
            () -> Instant.EPOCH.plusSeconds(seconds.getAndIncrement()));

    assertThatThrownBy(() -> push(archiver, (byte) 1)).hasMessage("no lineage is known");
    assertThat(seconds).hasValueLessThan(10);
  }

  @Test
  void whoeverMayNotBeLetGoIsRefusedAndCounted() {
    WalArchiver archiver =
        new WalArchiver(
            () -> new WalDestination((_, _, _) -> {}, engine),
            (_, _) -> {
              throw Problem.refused("it is another's", "Look.").asException();
            },
            ONCE,
            Clock.systemUTC());

    assertThatThrownBy(
            () -> archiver.take(archiver.attempt(NAME), new byte[] {1}, Optional.empty()))
        .hasMessage("it is another's");
    assertThat(engine.pushes).hasValue(0);
    assertThat(archiver.status().refused()).isOne();
    assertThat(archiver.status().underWay()).isZero();
  }

  /// P23.
  @Test
  void theSameFileSentTwiceAtOnceIsPushedOnce() throws Exception {
    engine.gate = new CountDownLatch(1);
    WalArchiver archiver = archiver(ONCE);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Pushed> first = threads.submit(() -> push(archiver, (byte) 1));
      await().until(() -> engine.waiting.get() == 1);
      Future<Pushed> second = threads.submit(() -> push(archiver, (byte) 1));
      await().until(() -> archiver.status().underWay() == 2);
      engine.gate.countDown();

      assertThat(first.get()).isEqualTo(Pushed.STORED);
      assertThat(second.get()).isEqualTo(Pushed.ALREADY_STORED);
    }
    assertThat(archiver.status().archived()).isEqualTo(2);
    assertThat(archiver.status().underWay()).isZero();
  }

  @Test
  void anotherLineageNeverJoinsAPushOfTheOneBefore() throws Exception {
    engine.gate = new CountDownLatch(1);
    MemoryWalEngine later = new MemoryWalEngine();
    var destination = new AtomicReference<>(new WalDestination((_, _, _) -> {}, engine));
    WalArchiver archiver = new WalArchiver(destination::get, ONCE, Clock.systemUTC());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Pushed> first = threads.submit(() -> push(archiver, (byte) 1));
      await().until(() -> engine.waiting.get() == 1);
      destination.set(new WalDestination((_, _, _) -> {}, later));

      assertThat(push(archiver, (byte) 1)).isEqualTo(Pushed.STORED);
      assertThat(later.files).containsOnlyKeys(NAME.text());
      engine.gate.countDown();
      assertThat(first.get()).isEqualTo(Pushed.STORED);
    }
  }

  @Test
  void whileNoLineageIsKnownNothingIsStored() {
    WalArchiver archiver =
        new WalArchiver(
            () -> {
              throw Problem.storageUnavailable("not known yet", "Wait.").asException();
            },
            ONCE,
            Clock.systemUTC());

    assertThatThrownBy(() -> push(archiver, (byte) 1)).hasMessage("not known yet");
    assertThat(archiver.status().failed()).isOne();
  }

  @Test
  void whoeverJoinedAPushThatFailedTriesItself() throws Exception {
    engine.gate = new CountDownLatch(1);
    engine.failuresToCome = 1;
    WalArchiver archiver = archiver(PATIENT);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Pushed> first = threads.submit(() -> push(archiver, (byte) 1));
      Future<Pushed> second = threads.submit(() -> push(archiver, (byte) 1));
      await().until(() -> archiver.status().underWay() == 2);
      engine.gate.countDown();

      assertThat(first.get()).isNotNull();
      assertThat(second.get()).isNotNull();
    }
    assertThat(engine.files).containsKey(NAME.text());
  }

  @Test
  void otherContentUnderTheSameNameAtTheSameTimeIsRefused() throws Exception {
    engine.gate = new CountDownLatch(1);
    WalArchiver archiver = archiver(ONCE);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Pushed> first = threads.submit(() -> push(archiver, (byte) 1));
      await().until(() -> engine.waiting.get() == 1);

      assertThatThrownBy(() -> push(archiver, (byte) 2))
          .extracting(e -> ((PgBackupException) e).problem())
          .isInstanceOf(Problem.Refused.class);
      engine.gate.countDown();
      assertThat(first.get()).isEqualTo(Pushed.STORED);
    }
    assertThat(engine.files.get(NAME.text())).containsExactly(1);
  }
}
