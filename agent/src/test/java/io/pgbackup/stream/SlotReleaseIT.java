package io.pgbackup.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.archive.Retry;
import io.pgbackup.archive.WalArchiver;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a slot holds alone, on a server whose archive_mode is off.
class SlotReleaseIT {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final TimelineHistory PATH = TimelineHistory.root(Timeline.FIRST);
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String SLOT = "pgbackup_test";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final SlowStore store = new SlowStore();
  private final ArchiveLayout layout = new ArchiveLayout(StoreFolder.of("shop/orders"));
  private final StreamArchive archive =
      new StreamArchive(
          store,
          layout,
          LineageUid.random(),
          new WalArchiver(
              (_, _, _) -> {},
              new EmbeddedWalEngine(store, layout, Codec.NONE, Optional.of(SIZE)),
              new Retry(Duration.ZERO, Duration.ofMillis(1)),
              Clock.systemUTC()),
          Packing.plain(Codec.NONE));
  private final Told told = new Told();

  @Test
  void aSlotStaysForEverySegmentThatTheArchiveLacksAndTheNextStreamFetchesIt() throws Exception {
    try (TestPostgres postgres =
        TestPostgres.builder(PostgresRelease.NEWEST)
            .initdb("--wal-segsize=1")
            .create(folder.resolve("data"))
            .start()) {
      postgres.sql("create table t (filling text)");
      streamAll(postgres);
      load(postgres);

      Lsn before = told.stored;
      stream(postgres, store.untilTwoSegmentsWait());
      assertThat(told.stored).as("what waited").isEqualTo(containing(before).next().end());
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(kept(postgres)).as("the server was told").isEqualTo(told.stored));

      postgres.kill();
      postgres.start();
      Lsn kept = kept(postgres);
      assertThat(kept).as("a crash takes the slot back").isLessThan(before.plus(1));
      WalSegment missing = containing(told.stored);
      assertThat(archive.heldFrom(containing(kept), PATH))
          .contains(containing(kept))
          .doesNotContain(missing);
      assertThat(attempt(postgres)).isEqualTo(new SlotRelease.Outcome.Kept(SLOT, missing));

      archive.whole(missing.next(), content(postgres, missing.next()));
      streamAll(postgres);
      WalSegment last = containing(told.stored);
      for (WalSegment at = containing(kept); at.compareTo(last) < 0; at = at.next()) {
        assertThat(archive.heldFrom(at, PATH)).as("the hole is filled").contains(at);
      }
      assertThat(attempt(postgres)).isEqualTo(new SlotRelease.Outcome.Kept(SLOT, last));

      postgres.sql("select pg_switch_wal()");
      archive.whole(last, content(postgres, last));
      assertThat(attempt(postgres)).isEqualTo(new SlotRelease.Outcome.Gone(SLOT, true));
    }
  }

  private static WalSegment containing(Lsn position) {
    return WalSegment.containing(Timeline.FIRST, position, SIZE);
  }

  private static void load(TestPostgres postgres) {
    for (int i = 0; i < 8; i++) {
      postgres.sql(
          "insert into t select repeat(md5(i::text), 20) from generate_series(1, 2000) as i");
    }
  }

  private static Lsn kept(TestPostgres postgres) {
    return Lsn.parse(postgres.value("select restart_lsn from pg_replication_slots"));
  }

  private static byte[] content(TestPostgres postgres, WalSegment segment) throws IOException {
    return Files.readAllBytes(postgres.dataDirectory().resolve("pg_wal/" + segment.fileName()));
  }

  /// Once nobody uses the slot.
  private SlotRelease.Outcome attempt(TestPostgres postgres) {
    SlotRelease release = new SlotRelease(postgres.config(), SIZE, SLOT, archive);
    return await()
        .atMost(PATIENCE)
        .until(() -> release.attempt(true), now -> !(now instanceof SlotRelease.Outcome.InUse));
  }

  private void streamAll(TestPostgres postgres) {
    Lsn end = Lsn.parse(postgres.value("select pg_current_wal_flush_lsn()"));
    stream(postgres, () -> told.stored.isBefore(end));
  }

  private void stream(TestPostgres postgres, BooleanSupplier wanted) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                postgres
                    .value("select count(*) from pg_replication_slots where active")
                    .equals("0"));
    new StreamSession(
            postgres.config(),
            SystemIdentifier.parse(
                postgres.value("select system_identifier from pg_control_system()")),
            SIZE,
            SLOT,
            archive,
            told,
            Duration.ofMillis(300))
        .run(() -> told.problems.isEmpty() && wanted.getAsBoolean());
    assertThat(told.problems).isEmpty();
  }

  /// A store that can be made to answer only once a stream ends.
  private static final class SlowStore extends MemoryObjectStore {
    /// Each look takes one message in, and two segments come in two dozen.
    private static final int LOOKS = 100;

    private volatile CountDownLatch answers = new CountDownLatch(0);
    private volatile boolean asked;

    /// @return whether the stream is still wanted
    BooleanSupplier untilTwoSegmentsWait() {
      CountDownLatch withheld = new CountDownLatch(1);
      answers = withheld;
      asked = false;
      AtomicInteger looks = new AtomicInteger();
      return () -> {
        if (!asked || looks.incrementAndGet() < LOOKS) {
          return true;
        }
        withheld.countDown();
        return false;
      };
    }

    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // whoever waits holds up no reader
    public CreateOutcome create(ObjectKey key, byte[] content, Map<String, String> metadata) {
      asked = true;
      try {
        answers.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return super.create(key, content, metadata);
    }
  }
}
