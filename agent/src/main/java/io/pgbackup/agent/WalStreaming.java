package io.pgbackup.agent;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.stream.SlotName;
import io.pgbackup.stream.StreamListener;
import io.pgbackup.stream.StreamSession;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
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
  private final Runnable gapOpened;
  private final Problems problems;
  private final InstantSource clock;
  private final Thread thread;
  private final AtomicReference<State> state = new AtomicReference<>(State.NOTHING_YET);
  private @Nullable LineageSession slotless;
  private volatile boolean closed;

  /// @param sessions makes a stream into a lineage's archive
  /// @param gapOpened told when WAL is missing for good, so that a base backup is due
  WalStreaming(
      Supplier<PgBackupConfig> config,
      LineageKeeper lineages,
      Supplier<Optional<ServerWatch.Seen>> server,
      BiFunction<LineageSession, StreamListener, StreamSession> sessions,
      Runnable gapOpened,
      Problems problems,
      InstantSource clock) {
    this.config = config;
    this.lineages = lineages;
    this.server = server;
    this.sessions = sessions;
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
      if (!config.get().wal().streams()) {
        problems.clear(Problems.About.STREAM);
        letGoOfSlot(session.get());
        continue;
      }
      slotless = null;
      try {
        stream(session.get());
        after = FIRST_PAUSE;
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
      Thread.sleep(pause);
    } catch (InterruptedException _) {
      return false;
    }
    return !closed;
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
                !closed
                    && config.get().wal().equals(now.wal())
                    && lineages.current().equals(Optional.of(session)));
  }

  /// Once for each lineage: a slot of ours that nobody reads fills the server's disk.
  private void letGoOfSlot(LineageSession session) {
    if (session.equals(slotless)) {
      return;
    }
    slotless = session;
    String slot = SlotName.of(session.lineage().identity().uid());
    try (PostgresClient client = PostgresClient.connect(config.get().postgres())) {
      if (client.dropIdleSlot(slot)) {
        LOGGER
            .atWarn()
            .addKeyValue("slot", slot)
            .log("WAL is not streamed any more: the replication slot was removed");
      }
    } catch (PgBackupException e) {
      LOGGER
          .atWarn()
          .addKeyValue("slot", slot)
          .addKeyValue("problem", e.problem().message())
          .log("could not look for a replication slot that nobody reads");
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
    closed = true;
    try {
      thread.join(DRAIN);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
