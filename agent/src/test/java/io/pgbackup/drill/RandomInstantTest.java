package io.pgbackup.drill;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Timeline;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class RandomInstantTest {
  private static final Instant BEGIN = Instant.parse("2026-11-20T02:00:00Z");

  private static RecoveryWindow window(long from, long to) {
    return new RecoveryWindow(
        BEGIN.plusSeconds(from),
        BEGIN.plusSeconds(to),
        new BackupName("base_000000010000000000000002"),
        Timeline.FIRST);
  }

  @Property(tries = 200)
  void everyDrawnInstantCanBeRestored(@ForAll long seed) {
    List<RecoveryWindow> windows = List.of(window(0, 10), window(1000, 1001), window(5000, 5100));

    Instant drawn = RandomInstant.in(windows, new Random(seed)).orElseThrow();

    assertThat(windows).anyMatch(window -> window.contains(drawn));
  }

  @Test
  void eachWindowIsDrawnAtTimes() {
    List<RecoveryWindow> windows = List.of(window(0, 100), window(1000, 1100));
    Random random = new Random(7);
    Set<RecoveryWindow> seen = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      Instant drawn = RandomInstant.in(windows, random).orElseThrow();
      windows.stream().filter(window -> window.contains(drawn)).forEach(seen::add);
    }

    assertThat(seen).hasSize(2);
  }

  @Test
  void withoutAWindowThereIsNothingToDraw() {
    assertThat(RandomInstant.in(List.of(), new Random(1))).isEmpty();
  }
}
