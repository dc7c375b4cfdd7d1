package io.pgbackup.agent;

import io.pgbackup.archive.OutageGovernor;
import io.pgbackup.archive.OutageGovernor.Level;
import io.pgbackup.archive.OutageGovernor.Outage;
import io.pgbackup.archive.OutageGovernor.Reading;
import io.pgbackup.problem.Problem;
import io.pgbackup.wording.Times;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Says once when WAL falls behind, when the volume of `pg_wal` will be full soon, and when that is
/// over; and tells whoever stores WAL.
///
/// [#look] belongs to one thread; what was judged may be read by all.
final class OutageWatch {
  private static final Logger LOGGER = LoggerFactory.getLogger(OutageWatch.class);

  /// What is told is rounded up to one of these, so that it does not change at each look.
  private static final List<Duration> SPANS =
      List.of(
          Duration.ofMinutes(5),
          Duration.ofMinutes(15),
          Duration.ofMinutes(30),
          Duration.ofHours(1),
          Duration.ofHours(2));

  private final Supplier<Optional<LagTracker.Lag>> lag;
  private final BooleanSupplier concerned;
  private final Supplier<Optional<Long>> free;
  private final Consumer<Level> listener;
  private final Problems problems;
  private final InstantSource clock;
  private OutageGovernor governor = new OutageGovernor();
  private Level told = Level.NORMAL;
  private volatile Optional<Outage> outage = Optional.empty();

  /// @param lag empty while it is not known how much waits
  /// @param concerned whether this server's WAL waits for the agent at all
  /// @param free bytes on the volume of `pg_wal`
  /// @param listener told of each change of the level
  OutageWatch(
      Supplier<Optional<LagTracker.Lag>> lag,
      BooleanSupplier concerned,
      Supplier<Optional<Long>> free,
      Consumer<Level> listener,
      Problems problems,
      InstantSource clock) {
    this.lag = lag;
    this.concerned = concerned;
    this.free = free;
    this.listener = listener;
    this.problems = problems;
    this.clock = clock;
  }

  /// Where WAL lies, which may be a link to another volume. Empty where this user cannot look.
  static Optional<Long> freeBeside(Path dataDirectory) {
    try {
      return Optional.of(Files.getFileStore(dataDirectory.resolve("pg_wal")).getUsableSpace());
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// Empty while it is not known how much waits, unless it was too much when it was last known: a
  /// server that stops on a full volume does not tell.
  Optional<Outage> outage() {
    return outage;
  }

  void look() {
    Optional<LagTracker.Lag> now = lag.get();
    if (now.isEmpty()) {
      unknown();
      return;
    }
    Outage judged =
        governor.observe(
            new Reading(clock.instant(), now.get().waiting(), now.get().bytes(), free.get()));
    outage = Optional.of(judged);
    if (judged.level() != told) {
      tell(judged);
    }
    if (judged.level() == Level.CRITICAL) {
      judged.untilFull().ifPresent(this::report);
    } else {
      problems.clear(Problems.About.VOLUME);
    }
  }

  private void unknown() {
    if (concerned.getAsBoolean()) {
      // a level stands until somebody knows better; a rate from before would be a guess
      outage =
          outage
              .filter(before -> before.level() != Level.NORMAL)
              .map(
                  before ->
                      new Outage(before.level(), before.since(), free.get(), Optional.empty()));
      return;
    }
    outage = Optional.empty();
    governor = new OutageGovernor();
    problems.clear(Problems.About.VOLUME);
    if (told != Level.NORMAL) {
      tell(new Outage(Level.NORMAL, clock.instant(), free.get(), Optional.empty()));
    }
  }

  private void tell(Outage judged) {
    LOGGER
        .atLevel(
            judged.level() == Level.NORMAL
                ? org.slf4j.event.Level.INFO
                : org.slf4j.event.Level.WARN)
        .addKeyValue("before", told.name().toLowerCase(Locale.ROOT))
        .addKeyValue("now", judged.level().name().toLowerCase(Locale.ROOT))
        .addKeyValue("free", judged.free().map(Object::toString).orElse("unknown"))
        .addKeyValue("untilFull", judged.untilFull().map(Times::span).orElse("unknown"))
        .log("archiving changed its state");
    told = judged.level();
    listener.accept(told);
  }

  private void report(Duration untilFull) {
    Duration within =
        SPANS.stream()
            .filter(span -> span.compareTo(untilFull) >= 0)
            .findFirst()
            .orElse(SPANS.getLast());
    problems.report(
        Problems.About.VOLUME,
        Problem.storageFailed(
            "WAL that waits for the store fills the volume of pg_wal within " + Times.span(within),
            "Make the store answer ('pgbackup status' says what it says), or make the volume"
                + " greater. Delete nothing in pg_wal: it is the only copy. Where it fills up"
                + " PostgreSQL stops, and starts again once there is room."));
  }
}
