package io.pgbackup.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.postgres.Timeline;
import java.time.Instant;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

class WindowSpanTest {
  private static final Instant EPOCH = Instant.parse("2026-11-20T02:00:00Z");

  @Property
  void whateverIsShownCanBeRestored(
      @ForAll @LongRange(min = 0, max = 3_000_000) long startMicros,
      @ForAll @LongRange(min = 1, max = 3_000_000) long lengthMicros) {
    // given
    RecoveryWindow window =
        new RecoveryWindow(
            EPOCH.plusNanos(startMicros * 1000),
            EPOCH.plusNanos((startMicros + lengthMicros) * 1000),
            new BackupName("base_000000010000000000000002"),
            Timeline.FIRST);

    // when
    WindowSpan span = WindowSpan.of(window);

    // then
    assertThat(window.contains(Instant.parse(span.first()))).isTrue();
    assertThat(window.contains(Instant.parse(span.last()))).isTrue();
  }
}
