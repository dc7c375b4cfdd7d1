package io.pgbackup.kubernetes.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.kubernetes.report.Happening.Reason;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PodEventsTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final Happening FAILED =
      new Happening(/* warning= */ true, Reason.ARCHIVING_FAILED, "no answer");
  private static final Happening WORKS =
      new Happening(/* warning= */ false, Reason.ARCHIVING_WORKS, "WAL is stored again");

  private final MemoryApi api = new MemoryApi();
  private final PodEvents events =
      new PodEvents(api, new PodEvents.Pod("orders-0", Optional.of("pod-uid")));

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void whatIsRefusedForAWhileIsToldLater(int status) throws IOException {
    events.add(FAILED, NOW);
    events.add(WORKS, NOW);
    api.forbidden.add("POST events");
    api.refusal = status;
    assertThatThrownBy(() -> events.send("shop", NOW)).isInstanceOf(Refusal.class);

    api.forbidden.clear();
    events.send("shop", NOW.plusSeconds(60));

    assertThat(api.reasons()).containsExactly("Warning ArchivingFailed", "Normal ArchivingWorks");
    assertThat(events.isEmpty()).isTrue();
  }

  @Test
  void ofWhatIsForbiddenOnlyThatIsDropped() throws IOException {
    events.add(FAILED, NOW);
    events.add(WORKS, NOW);
    api.forbidden.add("POST events");
    assertThatThrownBy(() -> events.send("shop", NOW)).isInstanceOf(Refusal.class);

    api.forbidden.clear();
    events.send("shop", NOW.plusSeconds(60));

    assertThat(api.reasons()).containsExactly("Normal ArchivingWorks");
  }

  @Test
  void anAnswerThatDidNotComeStartsNoSecondEvent() throws IOException {
    events.add(FAILED, NOW);
    events.send("shop", NOW);
    events.add(FAILED, NOW.plusSeconds(60));
    api.down = true;
    assertThatThrownBy(() -> events.send("shop", NOW.plusSeconds(60)))
        .isInstanceOf(IOException.class);

    api.down = false;
    events.send("shop", NOW.plusSeconds(120));

    assertThat(api.events()).hasSize(1);
    assertThat(api.events().getFirst().path("series").path("count").asInt()).isEqualTo(2);
  }
}
