package io.pgbackup.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SteppingClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WalProofTest {
  private static final WalSegment FIRST = segment("0000000100000000000000FE");
  private static final WalSegment LAST = segment("000000010000000100000001");

  private final MemoryObjectStore store = new MemoryObjectStore();
  private final ArchiveLayout layout = new ArchiveLayout(StoreFolder.of("c1"));
  private final SteppingClock clock = new SteppingClock(Instant.parse("2026-08-21T02:00:00Z"));

  @Test
  void aRangeRunsOverTheEndOfALogFile() {
    assertThat(WalProof.range(FIRST, LAST))
        .extracting(WalSegment::fileName)
        .containsExactly(
            "0000000100000000000000FE",
            "0000000100000000000000FF",
            "000000010000000100000000",
            "000000010000000100000001");
    assertThat(WalProof.range(FIRST, FIRST)).containsExactly(FIRST);
  }

  @ParameterizedTest
  @ValueSource(strings = {".lz4", ".zst", ""})
  void anyCodecsObjectIsTheSegment(String extension) {
    put(FIRST + extension);

    assertThat(proof().missing(List.of(FIRST))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {".partial", ".partial.lz4", ".00000028.backup.lz4", ".json", "_delta.lz4", ".tmp"})
  void whatMerelyBeginsLikeASegmentProvesNothing(String rest) {
    put(FIRST + rest);

    assertThat(proof().missing(List.of(FIRST))).containsExactly(FIRST);
  }

  @Test
  void missingSegmentsAreFoundInEveryLogFile() {
    put(FIRST + ".lz4");
    put(LAST + ".zst");

    assertThat(proof().missing(WalProof.range(FIRST, LAST)))
        .containsExactly(FIRST.next(), FIRST.next().next());
  }

  @Test
  void waitsUntilTheLastSegmentArrives() {
    put(FIRST + ".lz4");
    WalProof proof =
        new WalProof(
            store,
            layout,
            clock,
            pause -> {
              clock.advance(pause);
              put(FIRST.next() + ".lz4");
            });

    proof.await(List.of(FIRST, FIRST.next()), Duration.ofSeconds(2), () -> "unused");

    assertThat(clock.instant()).isEqualTo(Instant.parse("2026-08-21T02:00:00.050Z"));
  }

  /// P48.
  @Test
  void namesTheBlockingSegmentAndWhatTheArchiverSaysWhenTimeIsUp() {
    put(FIRST + ".lz4");

    assertThatThrownBy(
            () ->
                proof()
                    .await(
                        WalProof.range(FIRST, LAST),
                        Duration.ofMinutes(10),
                        () -> "its archive command failed"))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.TimedOut.class))
        .hasMessage(
            "WAL segment 0000000100000000000000FF did not reach the store within 10 min"
                + " (3 of 4 missing); its archive command failed");
  }

  @Test
  void aServerThatDoesNotAnswerDoesNotHideTheDeadline() {
    assertThatThrownBy(
            () ->
                proof()
                    .await(
                        List.of(FIRST),
                        Duration.ofSeconds(90),
                        () -> {
                          throw Problem.postgresFailed("the server is gone", "Start it.")
                              .asException();
                        }))
        .hasMessageContaining(FIRST.fileName())
        .hasMessageContaining("within 90 s")
        .hasMessageContaining("the server is gone");
  }

  private WalProof proof() {
    return new WalProof(store, layout, clock, clock::advance);
  }

  private void put(String name) {
    store.create(layout.wal().key(name), new byte[] {1}, Map.of());
  }

  private static WalSegment segment(String name) {
    assertThat(name).startsWith(Timeline.FIRST.toHex());
    return WalSegment.parse(name, WalSegmentSize.DEFAULT);
  }
}
