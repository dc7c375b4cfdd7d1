package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.WalFileName;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadAheadTest {
  private static final int SIZE = 1 << 20;
  private static final int PLACES = 4;

  private final MemoryWalEngine engine = new MemoryWalEngine();
  private final AtomicReference<WalEngine> current = new AtomicReference<>(engine);
  private final TransferSlots slots = new TransferSlots(PLACES);
  private final TransferSlots.Slot asking = new TransferSlots(1).take(1, Duration.ZERO);
  private final ReadAhead ahead = new ReadAhead(current::get, slots, Duration.ofMinutes(1));

  @AfterEach
  void close() {
    engine.gate.countDown();
    ahead.close();
    assertThat(slots.drain(Duration.ofSeconds(30))).as("every place is free again").isTrue();
  }

  private static WalFileName name(int number) {
    return WalFileName.parse("0000000100000000000000%02X".formatted(number));
  }

  private void archive(int from, int to) {
    for (int number = from; number <= to; number++) {
      engine.files.put(name(number).text(), new byte[] {(byte) number});
    }
  }

  @Test
  void theNextSegmentsAreThereBeforePostgresAsks() {
    archive(1, 9);

    ahead.behind(name(1), SIZE);

    await().until(() -> engine.fetches.get() == PLACES - 1);
    assertThat(ahead.take(name(2), asking)).contains(new byte[] {2});
    assertThat(ahead.take(name(3), asking)).contains(new byte[] {3});
    assertThat(ahead.take(name(9), asking)).as("there was no room for it").isEmpty();
    assertThat(engine.fetches).hasValue(PLACES - 1);
  }

  @Test
  void goesOnWithWhatIsNotUnderWayYet() {
    archive(1, 9);
    ahead.behind(name(1), SIZE);
    await().until(() -> engine.fetches.get() == PLACES - 1);
    assertThat(ahead.take(name(2), asking)).isPresent();

    ahead.behind(name(2), SIZE);

    await().until(() -> engine.fetches.get() == PLACES);
    assertThat(ahead.take(name(5), asking)).contains(new byte[] {5});
  }

  @Test
  void whatIsUnderWayIsAwaited() throws Exception {
    archive(1, 2);
    engine.gate = new CountDownLatch(1);
    ahead.behind(name(1), SIZE);
    await().until(() -> engine.waiting.get() == PLACES - 1);
    AtomicReference<byte[]> got = new AtomicReference<>();
    Thread recovery =
        Thread.ofVirtual().start(() -> got.set(ahead.take(name(2), asking).orElseThrow()));

    engine.gate.countDown();
    recovery.join();

    assertThat(got.get()).containsExactly(2);
  }

  /// Its place is free, so its bytes may not stay: a fast recovery would fill the heap.
  @Test
  void whatPostgresGotIsNotHeldAnyLonger() {
    ConcurrentLinkedQueue<WeakReference<byte[]>> fetched = new ConcurrentLinkedQueue<>();
    current.set(
        new WalEngine() {
          @Override
          public Pushed push(WalFileName name, byte[] content) {
            throw new UnsupportedOperationException();
          }

          @Override
          public Optional<byte[]> fetch(WalFileName name) {
            byte[] content = new byte[SIZE];
            fetched.add(new WeakReference<>(content));
            return Optional.of(content);
          }
        });
    ahead.behind(name(1), SIZE);
    await().until(() -> fetched.size() == PLACES - 1);

    for (int number = 2; number <= PLACES; number++) {
      assertThat(ahead.take(name(number), asking)).isPresent();
    }

    await()
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(fetched).allMatch(content -> content.get() == null);
            });
  }

  /// P25: PostgreSQL's own question is put to the archive, and its answer counts.
  @Test
  void neitherAMissNorAFailureIsKept() {
    engine.failuresToCome = 1;
    ahead.behind(name(1), SIZE);
    await().until(() -> engine.fetches.get() >= PLACES - 1);

    assertThat(ahead.take(name(2), asking)).isEmpty();
    archive(2, 3);
    assertThat(ahead.take(name(3), asking)).isEmpty();
    await().until(() -> slots.takeSpare(1).map(slot -> close(slot)).orElse(false));
  }

  private static boolean close(TransferSlots.Slot slot) {
    slot.close();
    return true;
  }

  @Test
  void anotherLineagesSegmentIsNotServed() {
    archive(1, 9);
    ahead.behind(name(1), SIZE);
    await().until(() -> engine.fetches.get() == PLACES - 1);

    current.set(new MemoryWalEngine());

    assertThat(ahead.take(name(2), asking)).isEmpty();
  }

  @Test
  void whatNobodyAsksForIsForgotten() {
    archive(1, 9);
    ReadAhead hasty = new ReadAhead(current::get, slots, Duration.ofMillis(1));

    hasty.behind(name(1), SIZE);

    await().until(() -> engine.fetches.get() >= PLACES - 1);
    await().untilAsserted(() -> assertThat(hasty.take(name(2), asking)).isEmpty());
  }
}
