package io.pgbackup.store.past;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectVersion;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class KeyHistoryTest {
  private static final ObjectKey KEY = new ObjectKey("c1/wal_005/000000010000000000000001.lz4");
  private static final Instant START = Instant.parse("2026-11-21T02:00:00Z");

  /// @param deletions one each second, whether it deletes; the newest comes last
  private static List<ObjectVersion> story(List<Boolean> deletions) {
    List<ObjectVersion> versions = new ArrayList<>();
    for (int second = 0; second < deletions.size(); second++) {
      versions.add(version(second, deletions.get(second), second == deletions.size() - 1));
    }
    return versions;
  }

  private static ObjectVersion version(int second, boolean deletion, boolean newest) {
    return new ObjectVersion(
        KEY, "v" + second, START.plusSeconds(second), newest, deletion, second, "tag" + second);
  }

  private static KeyHistory at(Instant instant, List<ObjectVersion> versions) {
    KeyHistory history = new KeyHistory(KEY, instant);
    versions.forEach(history::add);
    return history;
  }

  @Property
  void theLastEventUpToAnInstantSaysWhatStoodThere(
      @ForAll @Size(max = 8) List<Boolean> deletions,
      @ForAll @IntRange(min = -1, max = 9) int second,
      @ForAll Random order) {
    List<ObjectVersion> told = new ArrayList<>(story(deletions));
    java.util.Collections.shuffle(told, order);

    KeyHistory history = at(START.plusSeconds(second), told);

    Optional<ObjectVersion> last =
        story(deletions).stream()
            .filter(event -> !event.written().isAfter(START.plusSeconds(second)))
            .reduce((_, later) -> later);
    assertThat(history.standing()).isEqualTo(last.filter(event -> !event.deletion()));
    assertThat(history.changed())
        .isEqualTo(
            history
                .standing()
                .flatMap(
                    _ ->
                        story(deletions).stream()
                            .map(ObjectVersion::written)
                            .filter(START.plusSeconds(second)::isBefore)
                            .findFirst()));
  }

  @Test
  void ofOneSecondTheOneThatTheBucketShowsCounts() {
    ObjectVersion honest = version(1, false, false);
    ObjectVersion later =
        new ObjectVersion(KEY, "later", honest.written(), true, false, 9, "other");

    assertThat(at(honest.written(), List.of(honest, later)).standing()).contains(later);
    assertThat(at(honest.written(), List.of(later, honest)).standing()).contains(later);
  }

  @Test
  void aDeletionInTheSecondOfTheWriteCountsOnlyWhereNothingCameAfterIt() {
    ObjectVersion written = version(1, false, false);
    ObjectVersion deleted = version(1, true, true);
    ObjectVersion deletedAndWrittenAgain = version(1, true, false);

    assertThat(at(written.written(), List.of(written, deleted)).standing()).isEmpty();
    assertThat(at(written.written(), List.of(deletedAndWrittenAgain, written)).standing())
        .contains(written);
  }

  @Test
  void tellsWhatHadBeenWrittenOverFromWhatWasDeletedFirst() {
    ObjectVersion first = version(1, false, false);
    ObjectVersion second = version(3, false, true);

    assertThat(at(second.written(), List.of(second, first)).wasOverwritten()).isTrue();
    assertThat(at(second.written(), List.of(second, version(2, true, false), first)))
        .satisfies(
            history -> assertThat(history.wasOverwritten()).isFalse(),
            history -> assertThat(history.standing()).contains(second));
    assertThat(at(first.written(), List.of(second, first)).wasOverwritten()).isFalse();
  }
}
