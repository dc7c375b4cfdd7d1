package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GarbageWatchTest {
  private static final long MIB = 1 << 20;

  private final Generation generation = new Generation();
  private final GarbageWatch watch = new GarbageWatch(generation);

  @Test
  void collectsWhatABaseBackupLeftAndThenRests() {
    generation.live = 15 * MIB;
    generation.used = 120 * MIB;

    watch.look();
    watch.look();

    assertThat(generation.collections).isEqualTo(1);
  }

  @Test
  void leavesALittleGarbageAlone() {
    generation.used = 40 * MIB;

    watch.look();

    assertThat(generation.collections).isZero();
  }

  @Test
  void doesNotCollectAgainAndAgainWhatIsNeeded() {
    generation.live = 200 * MIB;
    generation.used = 200 * MIB;

    watch.look();
    watch.look();
    watch.look();

    assertThat(generation.collections).isEqualTo(1);
  }

  private static final class Generation implements GarbageWatch.OldGeneration {
    private long live;
    private long used;
    private long after;
    private int collections;

    @Override
    public long used() {
      return used;
    }

    @Override
    public long usedAfterCollection() {
      return after;
    }

    @Override
    public void collect() {
      collections++;
      used = live;
      after = live;
    }
  }
}
