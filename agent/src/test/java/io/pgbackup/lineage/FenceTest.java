package io.pgbackup.lineage;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SyntheticWal;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class FenceTest {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final LineageUid UID = new LineageUid("5d6c");
  private static final Timeline TWO = new Timeline(2);
  private static final Timeline THREE = new Timeline(3);
  private static final Instant NOON = Instant.parse("2026-08-20T12:00:00Z");

  private final MemoryObjectStore store = new MemoryObjectStore();
  private final ArchiveLayout layout = new ArchiveLayout(StoreFolder.of("a"));
  private final SyntheticWal wal = SyntheticWal.create(SIZE);
  private final AnsweringServer server = new AnsweringServer();

  /// A server that says what a test wants.
  private static final class AnsweringServer implements OwnServer {
    Answer answer = Answer.SAME;
    Timeline timeline = Timeline.FIRST;
    int compared;

    @Override
    public Answer holds(WalFileName name, byte[] content) {
      compared++;
      return answer;
    }

    @Override
    public Timeline timeline() {
      return timeline;
    }
  }

  @Test
  void refusesATimelineThatIsNotItsOwnServers() {
    // given: a copy that was promoted sends to its source's agent, whoever it says it is
    wal.commit(NOON);
    byte[] history = "1\t%s\tno recovery target\n".formatted(wal.position()).getBytes(US_ASCII);
    server.answer = OwnServer.Answer.OTHER;
    WalFileName name = WalFileName.parse("00000002.history");
    Fence fence = fence(Optional.empty());

    for (Optional<LineageUid> sender : List.of(Optional.of(UID), Optional.<LineageUid>empty())) {
      assertRefused(() -> fence.admit(name, history, sender))
          .hasMessageContaining("00000002.history is not what this server has in pg_wal");
    }
  }

  @Test
  void takesFromAnUnknownSenderOnlyWhatItsOwnServerHas() {
    // given
    Fence fence = fence(Optional.empty());
    WalSegment segment = finish(wal);
    byte[] content = wal.content(segment);
    fence.admit(name(segment), content, Optional.empty());

    // when: the same name, and a copy's content
    server.answer = OwnServer.Answer.OTHER;
    assertRefused(() -> fence.admit(name(segment), content, Optional.empty()))
        .hasMessageContaining("is not what this server has in pg_wal");
    server.answer = OwnServer.Answer.UNTOLD;
    assertRefused(() -> fence.admit(name(segment), content, Optional.empty()))
        .hasMessageContaining("comes from an unknown sender, and nothing proves");
  }

  @Test
  void asksOnceForATimelineOfAKnownSender() {
    Fence fence = fence(Optional.empty());

    admitAndStore(fence, wal, finish(wal));
    admitAndStore(fence, wal, finish(wal));

    assertThat(server.compared).isEqualTo(1);
  }

  @Test
  void whereNothingCanBeComparedATimelineWaitsUntilTheServerSaysItIsOnIt() {
    // given: SQL shows a promotion a moment after the history file was sent
    wal.commit(NOON);
    String history = "1\t%s\tno recovery target\n".formatted(wal.position());
    server.answer = OwnServer.Answer.UNTOLD;
    Fence fence = fence(Optional.empty());
    assertThatThrownBy(() -> admitHistory(fence, TWO, history))
        .satisfies(e -> assertThat(((PgBackupException) e).problem().retryMayHelp()).isTrue())
        .hasMessageContaining("timeline 2, and the server is on timeline 1");

    // when
    server.timeline = TWO;

    // then
    assertThatCode(() -> admitHistory(fence, TWO, history)).doesNotThrowAnyException();
  }

  @Test
  void admitsTheOwnersSegmentsInTheirOrder() {
    Fence fence = fence(Optional.empty());

    for (int i = 0; i < 3; i++) {
      WalSegment segment = finish(wal);
      admitAndStore(fence, wal, segment);
    }

    assertThat(store.list("a/wal_005/")).hasSize(3);
  }

  @Test
  void refusesASenderWhoseDataAreOfAnotherLineage() {
    WalSegment segment = finish(wal);

    assertRefused(
            () ->
                fence(Optional.empty())
                    .admit(
                        name(segment), wal.content(segment), Optional.of(new LineageUid("clone"))))
        .hasMessageContaining("comes from data of lineage clone, and this archive is of 5d6c");
  }

  /// P2.
  @Test
  void refusesAnotherClustersSegment() {
    SyntheticWal other = SyntheticWal.create(SystemIdentifier.parse("42"), SIZE);
    WalSegment segment = finish(other);

    assertRefused(() -> admit(fence(Optional.empty()), segment, other.content(segment)))
        .hasMessageContaining("is of system identifier 42");
  }

  @Test
  void refusesWhatIsNoSegmentOfThatName() {
    WalSegment segment = finish(wal);
    byte[] content = wal.content(segment);
    Fence fence = fence(Optional.empty());

    assertRefused(() -> admit(fence, segment.next(), content))
        .hasMessageContaining("000000010000000000000002 holds the WAL of 0/100000");
    assertRefused(() -> admit(fence, segment, new byte[SIZE.bytes()]))
        .hasMessageContaining("does not begin like a WAL segment");
    assertRefused(() -> admit(fence, segment, new byte[100]))
        .hasMessageContaining("has 100 bytes instead of 1048576");
  }

  @Test
  void refusesASegmentOfAnotherMajorVersion() {
    WalSegment segment = finish(wal);
    Fence fence = new Fence(claim(Optional.empty(), 170005), layout, store, this::fetch, server);

    assertRefused(() -> admit(fence, segment, wal.content(segment)))
        .hasMessageContaining("was written by PostgreSQL 18, and this lineage is of 17");
  }

  @Test
  void aNewTimelineNeedsItsHistoryFirst() {
    // given
    finish(wal);
    wal.commit(NOON);
    SyntheticWal promoted = wal.promote(TWO);
    Lsn branchPoint = wal.position();
    WalSegment segment = finish(promoted);
    Fence fence = fence(Optional.empty());
    assertRefused(() -> admit(fence, segment, promoted.content(segment)))
        .hasMessageContaining("the archive has no 00000002.history yet");

    // when
    admitAndStoreHistory(fence, TWO, "1\t%s\tno recovery target\n".formatted(branchPoint));

    // then: its first page still names timeline 1
    assertThatCode(() -> admit(fence, segment, promoted.content(segment)))
        .doesNotThrowAnyException();
  }

  @Test
  void refusesASegmentThatIsNotOnItsTimelinesHistory() {
    // given: another server's timeline 2, promoted earlier
    WalSegment earlier = finish(wal);
    SyntheticWal stranger = wal.promote(TWO);
    WalSegment strange = finish(stranger);
    finish(wal);
    Fence fence = fence(Optional.empty());
    admitAndStoreHistory(fence, TWO, "1\t%s\tpromoted\n".formatted(wal.position()));

    assertRefused(() -> admit(fence, strange, stranger.content(strange)))
        .hasMessageContaining("begins with WAL of timeline 2");
    assertRefused(() -> admit(fence, earlier.on(TWO), wal.content(earlier)))
        .hasMessageContaining("lies before timeline 2 began at");
  }

  @Test
  void aChildAdmitsOnlyWhatBranchedWhereItDid() {
    // given
    finish(wal);
    Parent parent = new Parent(new LineageUid("4a1b"), Timeline.FIRST, wal.position());
    SyntheticWal restored = wal.promote(TWO);
    WalSegment own = finish(restored);
    WalSegment parents = finish(wal);
    Fence fence = fence(Optional.of(parent));

    // then
    assertRefused(() -> admit(fence, parents, wal.content(parents)))
        .hasMessageContaining("timeline 1 does not descend from where lineage 5d6c branched off");
    assertRefused(() -> admitHistory(fence, TWO, "1\t%s\telsewhere\n".formatted(parents.end())))
        .hasMessageContaining("timeline 2 does not descend");
    admitAndStoreHistory(fence, TWO, "1\t%s\trestored\n".formatted(parent.branchPoint()));
    assertThatCode(() -> admit(fence, own, restored.content(own))).doesNotThrowAnyException();
  }

  @Test
  void theUnfinishedSegmentOfTheTimelineThatWasLeftMayCome() {
    wal.commit(NOON);
    Parent parent = new Parent(new LineageUid("4a1b"), Timeline.FIRST, wal.position());
    WalSegment left = wal.current();

    assertThatCode(
            () ->
                fence(Optional.of(parent))
                    .admit(
                        WalFileName.parse(left.fileName() + ".partial"),
                        wal.content(left),
                        Optional.of(UID)))
        .doesNotThrowAnyException();
  }

  /// P3.
  @Test
  void refusesAHistoryThatComesAnotherWayThanTheArchives() {
    Fence fence = fence(Optional.empty());
    admitAndStoreHistory(fence, TWO, "1\t0/300000\tpromoted\n");

    assertRefused(() -> admitHistory(fence, THREE, "1\t0/400000\tpromoted\n2\t0/500000\tagain\n"))
        .hasMessageContaining("timeline 3 comes from another timeline 2 than the archive's");
    assertThatCode(() -> admitHistory(fence, THREE, "1\t0/300000\tpromoted\n2\t0/500000\tagain\n"))
        .doesNotThrowAnyException();
  }

  @Test
  void refusesWhatIsNoHistory() {
    assertRefused(() -> admitHistory(fence(Optional.empty()), TWO, "who knows"))
        .hasMessageContaining("00000002.history that was sent is no history file");
    assertRefused(() -> admitHistory(fence(Optional.empty()), TWO, "# nothing\n"))
        .hasMessageContaining("names no timeline that it came from");
  }

  @Test
  void whatTheArchiveHasIsLeftToTheEnginesComparison() {
    WalSegment first = finish(wal);
    WalSegment second = finish(wal);
    store(first, wal.content(first));
    store(second, wal.content(second));

    assertThatCode(() -> admit(fence(Optional.empty()), first, wal.content(first)))
        .doesNotThrowAnyException();
  }

  @Test
  void aHoleBehindTheHeadIsFilledOnlyByWhatFitsToItsNeighbours() {
    // given: the archive has the first and the third
    WalSegment first = finish(wal);
    SyntheticWal rolledBack = wal.promote(Timeline.FIRST);
    rolledBack.other(3000);
    WalSegment second = finish(wal);
    WalSegment third = finish(wal);
    finish(rolledBack);
    store(first, wal.content(first));
    store(third, wal.content(third));
    Fence fence = fence(Optional.empty());

    // then
    assertRefused(() -> admit(fence, second, rolledBack.content(second)))
        .hasMessageContaining("lies behind the archive's head 000000010000000000000003");
    assertThatCode(() -> admit(fence, second, wal.content(second))).doesNotThrowAnyException();
  }

  @Test
  void behindTheHeadWithoutNeighboursNothingIsProved() {
    WalSegment first = finish(wal);
    finish(wal);
    WalSegment third = finish(wal);
    store(third, wal.content(third));

    assertRefused(() -> admit(fence(Optional.empty()), first, wal.content(first)))
        .hasMessageContaining("which has no such segment to compare it with");
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      ThrowingCallable call) {
    return assertThatThrownBy(call)
        .satisfies(
            e -> assertThat(((PgBackupException) e).problem()).isInstanceOf(Problem.Refused.class));
  }

  private static WalSegment finish(SyntheticWal wal) {
    wal.commit(NOON);
    WalSegment segment = wal.current();
    wal.switchSegment();
    return segment;
  }

  private Fence fence(Optional<Parent> parent) {
    return new Fence(claim(parent, 180006), layout, store, this::fetch, server);
  }

  private static Claim claim(Optional<Parent> parent, int version) {
    return new Claim(
        new ClusterId("shop", "orders"),
        UID,
        SyntheticWal.SYSTEM,
        new ServerVersion(version),
        SIZE,
        parent,
        NOON);
  }

  private static void admit(Fence fence, WalSegment segment, byte[] content) {
    fence.admit(name(segment), content, Optional.of(UID));
  }

  private void admitAndStore(Fence fence, SyntheticWal wal, WalSegment segment) {
    admit(fence, segment, wal.content(segment));
    store(segment, wal.content(segment));
  }

  private static void admitHistory(Fence fence, Timeline timeline, String content) {
    fence.admit(
        WalFileName.parse(timeline.toHex() + ".history"),
        content.getBytes(US_ASCII),
        Optional.of(UID));
  }

  private void admitAndStoreHistory(Fence fence, Timeline timeline, String content) {
    admitHistory(fence, timeline, content);
    store.create(
        layout.wal().key(timeline.toHex() + ".history"), content.getBytes(US_ASCII), Map.of());
  }

  private void store(WalSegment segment, byte[] content) {
    store.create(layout.wal().key(segment.fileName()), content, Map.of());
  }

  private Optional<byte[]> fetch(WalFileName name) {
    return store
        .head(layout.wal().key(name.text()))
        .map(
            object -> {
              try (InputStream in = store.open(object.key())) {
                return in.readAllBytes();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private static WalFileName name(WalSegment segment) {
    return WalFileName.parse(segment.fileName());
  }
}
