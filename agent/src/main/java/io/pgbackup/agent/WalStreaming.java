package io.pgbackup.agent;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.stream.SlotRelease;
import io.pgbackup.stream.StreamListener;
import io.pgbackup.stream.StreamSession;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Streams the server's WAL while the configuration says so, the server is a primary and its
/// lineage is known; connects again whenever a stream ends. Where WAL is not streamed, it sees to
/// it that no slot of ours keeps WAL that nobody fetches.
///
/// What it knows may be read by all threads.
final class WalStreaming implements StreamListener, AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(WalStreaming.class);
  private static final Duration LOOK = Duration.ofMillis(200);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  /// How often a slot that is to go is looked at.
  private static final Duration RELEASE = Duration.ofSeconds(5);

  /// How long the segment that was streamed last may take to come another way.
  private static final Duration LAST_SEGMENT = Duration.ofMinutes(5);

  /// Longer than the last bytes may take.
  private static final Duration DRAIN = Duration.ofSeconds(30);

  /// @param connected whether the server streams now
  /// @param stored everything before it is in the store; empty before the first stream
  /// @param storedAt when the store confirmed the last of it
  /// @param pieces,pieceBytes stored of unfinished segments since the agent started
  /// @param gaps opened since the agent started
  record State(
      boolean connected,
      Optional<String> slot,
      Optional<Lsn> stored,
      Optional<Instant> storedAt,
      long pieces,
      long pieceBytes,
      long gaps) {
    static final State NOTHING_YET =
        new State(false, Optional.empty(), Optional.empty(), Optional.empty(), 0, 0, 0);
  }

  private final Supplier<PgBackupConfig> config;
  private final LineageKeeper lineages;
  private final Supplier<Optional<ServerWatch.Seen>> server;
  private final BiFunction<LineageSession, StreamListener, StreamSession> sessions;
  private final Function<LineageSession, SlotRelease> releases;
  private final Runnable gapOpened;
  private final Problems problems;
  private final InstantSource clock;
  private final Thread thread;
  private final AtomicReference<State> state = new AtomicReference<>(State.NOTHING_YET);
  private final CountDownLatch closed = new CountDownLatch(1);
  private @Nullable LineageSession slotless;
  private @Nullable Instant keptSince;
  private @Nullable String keptFor;

  /// @param sessions makes a stream into a lineage's archive
  /// @param releases makes the end of what those left on the server
  /// @param gapOpened told when WAL is missing for good, so that a base backup is due
  WalStreaming(
      Supplier<PgBackupConfig> config,
      LineageKeeper lineages,
      Supplier<Optional<ServerWatch.Seen>> server,
      BiFunction<LineageSession, StreamListener, StreamSession> sessions,
      Function<LineageSession, SlotRelease> releases,
      Runnable gapOpened,
      Problems problems,
      InstantSource clock) {
    this.config = config;
    this.lineages = lineages;
    this.server = server;
    this.sessions = sessions;
    this.releases = releases;
    this.gapOpened = gapOpened;
    this.problems = problems;
    this.clock = clock;
    this.thread = Thread.ofPlatform().name("wal-stream").daemon().unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /// Empty where WAL is not streamed.
  Optional<State> state() {
    return config.get().wal().streams() ? Optional.of(state.get()) : Optional.empty();
  }

  private void run() {
    Duration pause = LOOK;
    Duration after = FIRST_PAUSE;
    while (waited(pause)) {
      pause = LOOK;
      Optional<LineageSession> session = lineages.current();
      if (session.isEmpty() || !primary()) {
        continue;
      }
      try {
        if (config.get().wal().streams()) {
          forgetSlot(null);
          stream(session.get());
          after = FIRST_PAUSE;
        } else if (!session.get().equals(slotless)) {
          pause = letGoOfSlot(session.get());
        }
      } catch (PgBackupException e) {
        if (state.get().storedAt().isPresent() && recently(state.get().storedAt().get())) {
          after = FIRST_PAUSE;
        }
        problems.report(Problems.About.STREAM, e.problem());
        pause = after;
        after = doubled(after);
      } catch (RuntimeException e) {
        LOGGER.atError().setCause(e).log("the stream of WAL broke off; trying again");
        problems.report(Problems.About.STREAM, Problem.bug("the stream of WAL broke off: " + e));
        pause = LONGEST_PAUSE;
      }
    }
  }

  private boolean recently(Instant at) {
    return Duration.between(at, clock.instant()).compareTo(LONGEST_PAUSE) < 0;
  }

  private static Duration doubled(Duration pause) {
    Duration next = pause.multipliedBy(2);
    return next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
  }

  private boolean waited(Duration pause) {
    try {
      return !closed.await(pause.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException _) {
      return false;
    }
  }

  private boolean primary() {
    return server.get().map(ServerWatch.Seen::primary).orElse(false);
  }

  private void stream(LineageSession session) {
    PgBackupConfig now = config.get();
    sessions
        .apply(session, this)
        .run(
            () ->
                closed.getCount() > 0
                    && config.get().wal().equals(now.wal())
                    && lineages.current().equals(Optional.of(session)));
  }

  /// Until the lineage has no slot; whatever stands against it passes or is told.
  ///
  /// @return how long to wait
  private Duration letGoOfSlot(LineageSession session) {
    switch (releases.apply(session).attempt(config.get().wal().enabled())) {
      case SlotRelease.Outcome.Gone(var slot, boolean removed) -> {
        if (removed) {
          LOGGER
              .atWarn()
              .addKeyValue("slot", slot)
              .log("WAL is not streamed any more: the replication slot was removed");
        }
        forgetSlot(session);
        problems.clear(Problems.About.STREAM);
      }
      case SlotRelease.Outcome.InUse(var slot) ->
          kept(
              "replication slot %s is in use though WAL is not streamed any more".formatted(slot),
              "Look for a second agent of this lineage. The slot is removed once nobody uses it.");
      case SlotRelease.Outcome.Kept(var slot, var missing) ->
          kept(
              "replication slot %s is kept: the archive lacks segment %s, which it holds"
                  .formatted(slot, missing),
              "See whether archive_mode is on and archive_command is ours, or stream again. The slot is"
                  + " removed once that segment is stored.");
    }
    return RELEASE;
  }

  /// @param without the lineage that has none on this server; nothing where it is to have one
  private void forgetSlot(@Nullable LineageSession without) {
    slotless = without;
    keptSince = null;
    keptFor = null;
  }

  /// The last segment takes its time, so it is a problem only when that is over.
  private void kept(String message, String hint) {
    Instant now = clock.instant();
    Instant since = keptSince;
    if (!message.equals(keptFor)) {
      keptFor = message;
      LOGGER.info(message);
    }
    if (since == null) {
      keptSince = now;
      // what stood against streaming matters no more
      problems.clear(Problems.About.STREAM);
    } else if (Duration.between(since, now).compareTo(LAST_SEGMENT) > 0) {
      problems.report(Problems.About.STREAM, Problem.postgresFailed(message, hint));
    }
  }

  @Override
  public void begun(String slot, Lsn start) {
    LOGGER.atInfo().addKeyValue("slot", slot).addKeyValue("from", start).log("streaming WAL");
    change(
        now ->
            new State(
                true,
                Optional.of(slot),
                Optional.of(start),
                now.storedAt(),
                now.pieces(),
                now.pieceBytes(),
                now.gaps()));
    problems.clear(Problems.About.STREAM);
  }

  @Override
  public void gap(WalSegment first, WalSegment last) {
    LOGGER
        .atError()
        .addKeyValue("first", first)
        .addKeyValue("last", last)
        .log(
            "the server has removed WAL that was not stored: a gap is open until the next base backup");
    change(
        now ->
            new State(
                now.connected(),
                now.slot(),
                now.stored(),
                now.storedAt(),
                now.pieces(),
                now.pieceBytes(),
                now.gaps() + 1));
    gapOpened.run();
  }

  @Override
  public void stored(Lsn end, int pieceBytes) {
    change(
        now ->
            new State(
                now.connected(),
                now.slot(),
                Optional.of(end),
                Optional.of(clock.instant()),
                now.pieces() + (pieceBytes > 0 ? 1 : 0),
                now.pieceBytes() + pieceBytes,
                now.gaps()));
    problems.clear(Problems.About.STREAM);
  }

  @Override
  public void storing(Problem problem) {
    problems.report(Problems.About.STREAM, problem);
  }

  @Override
  public void ended() {
    change(
        now ->
            new State(
                false,
                now.slot(),
                now.stored(),
                now.storedAt(),
                now.pieces(),
                now.pieceBytes(),
                now.gaps()));
  }

  private void change(UnaryOperator<State> change) {
    state.updateAndGet(change);
  }

  /// Stores what has come so far and ends the stream; the server keeps what comes now.
  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join(DRAIN);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
