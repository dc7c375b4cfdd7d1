package io.pgbackup.archive;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.telemetry.Taken;
import io.pgbackup.telemetry.Timings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries finished WAL files from whoever sends them into the archive: fence, engine, confirmed
/// store. Success means stored.
///
/// Thread-safe. A file that is sent again while its first push is under way (PostgreSQL asked
/// again) waits for that push instead of starting a second one. A backlog is stored ahead of
/// PostgreSQL, which asks for one file at a time; see [CatchUp].
public final class WalArchiver {
  private static final Logger LOGGER = LoggerFactory.getLogger(WalArchiver.class);

  /// A server that stops offers a file six times first. Whoever waits for its end gives up after a
  /// minute, before a new server's first start for instance, and nobody knows a lineage then.
  private static final Duration UNKNOWN = Duration.ofSeconds(5);

  private final Supplier<WalDestination> destination;
  private final Discards discards;
  private final Retry retry;
  private final InstantSource clock;
  private final ConcurrentMap<Push, UnderWay> underWay = new ConcurrentHashMap<>();
  private final StoredAhead storedAhead = new StoredAhead();
  private final AtomicReference<ArchiveStatus> status =
      new AtomicReference<>(ArchiveStatus.NOTHING_YET);

  private final Timings<PushResult> durations = new Timings<>(PushResult.class);

  /// Named as the metric's label has them in lower case.
  public enum PushResult {
    STORED,
    FAILED,
    REFUSED
  }

  record Push(WalFileName name, WalDestination destination) {}

  private static final class UnderWay {
    private byte @Nullable [] content;
    final boolean ahead;
    final CompletableFuture<Pushed> outcome = new CompletableFuture<>();

    UnderWay(byte[] content, boolean ahead) {
      this.content = content;
      this.ahead = ahead;
    }

    /// @return nothing once it has ended: another file may stand in its memory then
    synchronized Optional<Boolean> holds(byte[] other) {
      return Optional.ofNullable(content).map(mine -> Arrays.equals(mine, other));
    }

    synchronized void end() {
      content = null;
    }
  }

  public WalArchiver(Admission admission, WalEngine engine, Retry retry, InstantSource clock) {
    this(destination(admission, engine), retry, clock);
  }

  /// @param destination asked at each attempt, because an in-place restore puts another lineage
  ///   under a running agent; throws while none is known
  public WalArchiver(Supplier<WalDestination> destination, Retry retry, InstantSource clock) {
    this(destination, Discards.NOTHING, retry, clock);
  }

  /// @param destination asked at each attempt; throws while none is known
  public WalArchiver(
      Supplier<WalDestination> destination, Discards discards, Retry retry, InstantSource clock) {
    this.destination = destination;
    this.discards = discards;
    this.retry = retry;
    this.clock = clock;
  }

  private static Supplier<WalDestination> destination(Admission admission, WalEngine engine) {
    WalDestination only = new WalDestination(admission, engine);
    return () -> only;
  }

  /// Begins to count one push.
  Attempt attempt(WalFileName name) {
    return new Attempt(name, status, clock);
  }

  /// Returns once the store has confirmed the file, or at once where the configuration lets it go.
  ///
  /// @return whether it is stored
  /// @throws PgBackupException as [#push]
  boolean take(Attempt attempt, byte[] content, Optional<LineageUid> sender) {
    if (isLetGo(attempt, sender)) {
      return false;
    }
    push(attempt, content, sender);
    return true;
  }

  private boolean isLetGo(Attempt attempt, Optional<LineageUid> sender) {
    try {
      return !comesAhead(attempt.name()) && discards.letsGo(attempt.name(), sender);
    } catch (PgBackupException e) {
      attempt.failed(e.problem());
      throw e;
    }
  }

  /// Whether it is stored already, or about to be: then it is not let go.
  private boolean comesAhead(WalFileName name) {
    try {
      var push = new Push(name, destination.get());
      return underWay.containsKey(push) || storedAhead.has(push);
    } catch (PgBackupException _) {
      return false;
    }
  }

  /// Returns once the store has confirmed the file.
  ///
  /// @param content not changed by the caller until this returns
  /// @param sender the lineage the sender's data belong to, empty where it does not know
  /// @throws PgBackupException `Refused` if the file must not or cannot enter this archive;
  ///   `StorageFailed` if the store did not confirm it within the retry window
  public Pushed push(WalFileName name, byte[] content, Optional<LineageUid> sender) {
    return push(attempt(name), content, sender);
  }

  private Pushed push(Attempt attempt, byte[] content, Optional<LineageUid> sender) {
    WalFileName name = attempt.name();
    long since = System.nanoTime();
    PushResult result = PushResult.FAILED;
    status.updateAndGet(ArchiveStatus::started);
    try {
      var _ = retry.within(UNKNOWN).call(clock, destination);
      Pushed pushed =
          retry.call(
              clock,
              () -> {
                var push = new Push(name, destination.get());
                Optional<Pushed> ahead = ahead(push, content);
                if (ahead.isPresent()) {
                  return ahead.get();
                }
                push.destination().admission().check(name, content, sender);
                return store(push, content, /* ahead= */ false);
              });
      attempt.archived(content.length, pushed == Pushed.ALREADY_STORED);
      LOGGER
          .atDebug()
          .addKeyValue("file", name.text())
          .addKeyValue("bytes", content.length)
          .addKeyValue("stoodAlready", pushed == Pushed.ALREADY_STORED)
          .log("WAL stored");
      result = PushResult.STORED;
      return pushed;
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.Refused) {
        result = PushResult.REFUSED;
      }
      attempt.failed(e.problem());
      throw e;
    } catch (RuntimeException | Error e) {
      attempt.failed(Problem.bug("archiving " + name.text() + " broke off: " + e));
      throw e;
    } finally {
      durations.ended(result, since);
      status.updateAndGet(ArchiveStatus::ended);
    }
  }

  /// The same bytes passed the fence already and are stored, or about to be.
  private Optional<Pushed> ahead(Push push, byte[] content) {
    UnderWay now = underWay.get(push);
    if (now != null && now.ahead && now.holds(content).orElse(false)) {
      return Optional.of(join(now));
    }
    return storedAhead.take(push, content) ? Optional.of(Pushed.STORED) : Optional.empty();
  }

  /// Whether PostgreSQL, once it asks for this file, finds it stored.
  boolean isAhead(WalFileName name) {
    return storedAhead.has(new Push(name, destination.get()));
  }

  /// Lets a file of this server's own through the fence before PostgreSQL asks for it. Segments
  /// come in their order, as from PostgreSQL.
  ///
  /// @return stores it; counts and retries nothing, because PostgreSQL asks for it anyway
  /// @throws PgBackupException if it must not or cannot enter
  Runnable admitAhead(WalFileName.Segment name, byte[] content) {
    var push = new Push(name, destination.get());
    push.destination().admission().check(name, content, Optional.empty());
    return () -> store(push, content, /* ahead= */ true);
  }

  private Pushed store(Push push, byte[] content, boolean ahead) {
    UnderWay mine = new UnderWay(content, ahead);
    for (var first = underWay.putIfAbsent(push, mine);
        first != null;
        first = underWay.putIfAbsent(push, mine)) {
      Optional<Boolean> same = first.holds(content);
      if (same.isPresent()) {
        requireSame(push.name(), same.get());
        return join(first);
      }
    }
    try {
      Pushed pushed = push.destination().engine().push(push.name(), content);
      if (ahead) {
        storedAhead.add(push, content);
      }
      mine.outcome.complete(pushed);
      return pushed;
    } catch (RuntimeException | Error e) {
      mine.outcome.completeExceptionally(e);
      throw e;
    } finally {
      underWay.remove(push, mine);
      mine.end();
    }
  }

  private static void requireSame(WalFileName name, boolean same) {
    if (!same) {
      throw Problem.refused(
              name.text() + " is being archived with other content",
              "Two servers send to this archive; find the one that does not belong to it.")
          .asException();
    }
  }

  private static Pushed join(UnderWay first) {
    try {
      Pushed pushed = first.outcome.join();
      return first.ahead ? pushed : Pushed.ALREADY_STORED;
    } catch (CompletionException e) {
      if (e.getCause() instanceof PgBackupException cause) {
        throw cause.problem().causedBy(cause);
      }
      throw e;
    }
  }

  /// What happened so far.
  public ArchiveStatus status() {
    return status.get();
  }

  /// How long pushing took, by how it ended.
  public Map<PushResult, Taken> durations() {
    return durations.taken();
  }
}
