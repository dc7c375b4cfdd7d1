package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.archive.ArchiveStatus;
import io.pgbackup.archive.OutageGovernor.Level;
import io.pgbackup.archive.OutageGovernor.Outage;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// What is judged of an outage while the archive has not been read, because the agent was started
/// while the store was away.
class WalLagTest {
  private static final Lsn FIRST = Lsn.parse("0/3000000");
  private static final ArchiveStatus NOTHING_PUSHED =
      new ArchiveStatus(0, 0, 0, 0, 0, 0, Optional.empty(), Optional.empty());

  private final Instant start = Instant.parse("2026-11-21T02:00:00Z");
  private final AtomicReference<Instant> now = new AtomicReference<>(start);
  private final Problems problems = new Problems(now::get);
  private final List<Level> told = new ArrayList<>();
  private Optional<ServerWatch.Seen> server = Optional.empty();
  private Optional<WalStreaming.State> stream = Optional.empty();
  private final WalLag lag =
      new WalLag(() -> server, Optional::empty, () -> NOTHING_PUSHED, () -> true, () -> stream);
  private final OutageWatch watch =
      new OutageWatch(
          lag::lag, lag::concerned, () -> Optional.of(1L << 30), told::add, problems, now::get);

  private void look() {
    now.updateAndGet(before -> before.plusSeconds(10));
    lag.update();
    watch.look();
  }

  private void fallBehindUntilItIsCritical() {
    var oldest =
        new ArchiverStats.Waiting(
            WalSegment.containing(Timeline.FIRST, FIRST, WalSegmentSize.DEFAULT), start);
    for (int i = 1; i <= 60; i++) {
      server = Servers.behind(oldest, FIRST.plus(i * (64L << 20)), now.get());
      look();
    }
    assertThat(watch.outage()).map(Outage::level).contains(Level.CRITICAL);
  }

  @Test
  void anOutageIsOverOnceTheServerSaysThatNothingWaitsThoughTheArchiveWasNeverRead() {
    fallBehindUntilItIsCritical();

    server = Servers.primary();
    look();

    assertThat(watch.outage()).as("nobody knows what the store holds").isEmpty();
    assertThat(told).endsWith(Level.NORMAL);
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void aServerThatDoesNotAnswerEndsNoOutage() {
    fallBehindUntilItIsCritical();

    server = Optional.empty();
    look();

    assertThat(watch.outage()).map(Outage::level).contains(Level.CRITICAL);
  }

  @Test
  void whatTheArchiverHasDoneSaysNothingOfAStreamThatIsBehind() {
    fallBehindUntilItIsCritical();

    stream = Optional.of(WalStreaming.State.NOTHING_YET);
    server = Servers.primary();
    look();

    assertThat(watch.outage()).map(Outage::level).contains(Level.CRITICAL);
  }
}
