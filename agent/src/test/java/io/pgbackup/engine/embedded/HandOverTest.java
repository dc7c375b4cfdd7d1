package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HandOverTest {
  @Test
  void everythingArrivesOnceAlthoughTheGiverIsFarAhead() throws Exception {
    HandOver<Integer> handOver = new HandOver<>(3);
    ConcurrentLinkedQueue<Integer> arrived = new ConcurrentLinkedQueue<>();
    List<CompletableFuture<Void>> takers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      takers.add(
          CompletableFuture.runAsync(() -> takeAll(handOver, arrived), Thread::startVirtualThread));
    }

    for (int i = 0; i < 1000; i++) {
      handOver.put(i);
    }
    handOver.end();
    takers.forEach(CompletableFuture::join);

    assertThat(arrived)
        .containsExactlyInAnyOrderElementsOf(IntStream.range(0, 1000).boxed().toList());
  }

  @Test
  void aTakerThatFailsStopsTheGiverAndKeepsItsReason() throws Exception {
    HandOver<Integer> handOver = new HandOver<>(1);
    handOver.put(1);
    IllegalStateException reason = new IllegalStateException("disk");

    CompletableFuture<Void> giver =
        CompletableFuture.runAsync(() -> put(handOver, 2), Thread::startVirtualThread);
    handOver.fail(reason);
    handOver.fail(new IllegalStateException("later"));

    assertThatThrownBy(giver::join).hasCauseInstanceOf(CancellationException.class);
    assertThatThrownBy(handOver::take).isInstanceOf(CancellationException.class);
    assertThat(handOver.failure()).contains(reason);
  }

  private static void takeAll(HandOver<Integer> handOver, ConcurrentLinkedQueue<Integer> arrived) {
    try {
      for (var next = handOver.take(); next.isPresent(); next = handOver.take()) {
        arrived.add(next.get());
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void put(HandOver<Integer> handOver, int thing) {
    try {
      handOver.put(thing);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
