package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.WalFileName;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ReadAheadTest {
  private static final int SIZE = 1 << 20;
  private static final int PLACES = 4;

  private final MemoryWalEngine engine = new MemoryWalEngine();
  private final AtomicReference<WalEngine> current = new AtomicReference<>(engine);
  private final TransferSlots slots = new TransferSlots(PLACES);
  private final TransferSlots.Slot asking = new TransferSlots(1).take(1, Duration.ZERO);
  private final AheadFolder nowhere = new AheadFolder(Path.of("no data directory"));
  private final ReadAhead ahead =
      new ReadAhead(current::get, slots, nowhere, Duration.ofMinutes(1));

  @AfterEach
  void close() {
    engine.gate.countDown();
    ahead.close();
    assertThat(slots.drain(Duration.ofSeconds(30))).as("every place is free again").isTrue();
  }

  private static WalFileName name(int number) {
    return WalFileName.parse("0000000100000000000000%02X".formatted(number));
  }

  private byte[] taken(int number) {
    try (Fetched fetched = ahead.take(name(number), asking).orElseThrow()) {
      return fetched.bytes(asking);
    }
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
    assertThat(taken(2)).containsExactly(2);
    assertThat(taken(3)).containsExactly(3);
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
    assertThat(taken(5)).containsExactly(5);
  }

  @Test
  void whatIsUnderWayIsAwaited() throws Exception {
    archive(1, 2);
    engine.gate = new CountDownLatch(1);
    ahead.behind(name(1), SIZE);
    await().until(() -> engine.waiting.get() == PLACES - 1);
    AtomicReference<byte[]> got = new AtomicReference<>();
    Thread recovery = Thread.ofVirtual().start(() -> got.set(taken(2)));

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
    ReadAhead hasty = new ReadAhead(current::get, slots, nowhere, Duration.ofMillis(1));

    hasty.behind(name(1), SIZE);

    await().until(() -> engine.fetches.get() >= PLACES - 1);
    await().untilAsserted(() -> assertThat(hasty.take(name(2), asking)).isEmpty());
  }

  /// Places are for transfers; what lies in a file holds none.
  @Test
  void filesAreAheadFurtherThanPlacesReach(@TempDir Path parent) throws IOException {
    Path data = parent.resolve("data");
    Files.createDirectories(data.resolve("pg_wal"));
    Path folder = parent.resolve("data.pgbackup-ahead");
    archive(1, 99);
    try (ReadAhead filed =
        new ReadAhead(current::get, slots, new AheadFolder(data), Duration.ofMinutes(1))) {
      await()
          .untilAsserted(
              () -> {
                filed.behind(name(1), SIZE);
                assertThat(folder).isDirectory();
                assertThat(folder.toFile().list()).hasSize(2 * PLACES);
              });

      try (Fetched fetched = filed.take(name(9), asking).orElseThrow()) {
        assertThat(fetched).isInstanceOf(Fetched.InFile.class);
        assertThat(fetched.bytes(asking)).containsExactly(9);
      }
      assertThat(filed.take(name(10), asking)).isEmpty();
      current.set(new MemoryWalEngine());
      assertThat(filed.take(name(2), asking)).as("another lineage's").isEmpty();
      assertThat(folder.toFile().list()).hasSize(2 * PLACES - 2);
    }
    await().untilAsserted(() -> assertThat(folder).doesNotExist());
  }
}
