package io.pgbackup.stream;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Carries what came in into the store, in order, on a thread of its own. What the store does not
/// take is tried again until the session ends: the server keeps it meanwhile.
final class Storing implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(Storing.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /// How long the end of a session waits for the last bytes.
  private static final Duration LAST = Duration.ofSeconds(10);

  private final Intake intake;
  private final StreamSink sink;
  private final StreamListener listener;
  private final Duration interval;
  private final Thread thread;
  private volatile Lsn stored;
  private volatile boolean ending;

  Storing(Intake intake, StreamSink sink, StreamListener listener, Duration interval, String name) {
    this.intake = intake;
    this.sink = sink;
    this.listener = listener;
    this.interval = interval;
    this.stored = intake.position();
    this.thread = Thread.ofPlatform().name(name).daemon().start(this::run);
  }

  /// Behind the last byte that need not come again: all before it is stored.
  Lsn stored() {
    return stored;
  }

  private void run() {
    try {
      while (!ending) {
        Optional<Intake.Work> work = intake.await(interval);
        if (work.isPresent()) {
          storePatiently(work.get());
        }
      }
    } catch (InterruptedException _) {
      // the session's end waited long enough
    } catch (RuntimeException | Error e) {
      LOGGER.atError().setCause(e).log("storing streamed WAL broke off");
      listener.storing(Problem.bug("storing streamed WAL broke off: " + e));
    }
  }

  private void storePatiently(Intake.Work work) throws InterruptedException {
    Duration pause = FIRST_PAUSE;
    while (true) {
      try {
        store(work);
        return;
      } catch (PgBackupException e) {
        listener.storing(e.problem());
        if (ending) {
          return;
        }
        Thread.sleep(pause);
        pause =
            pause.compareTo(LONGEST_PAUSE.dividedBy(2)) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
      }
    }
  }

  private void store(Intake.Work work) {
    switch (work) {
      case Intake.Work.Whole(var segment, var content) -> {
        sink.whole(segment, content);
        done(work, segment.end(), 0);
      }
      case Intake.Work.Part(var piece, var content) -> {
        sink.piece(piece, content);
        done(work, piece.to(), content.length);
      }
    }
  }

  private void done(Intake.Work work, Lsn end, int pieceBytes) {
    intake.stored(work);
    stored = end;
    listener.stored(end, pieceBytes);
  }

  /// Stores what is left, if the store takes it now, and ends.
  @Override
  public void close() {
    ending = true;
    intake.urgent();
    try {
      if (!thread.join(LAST)) {
        thread.interrupt();
        thread.join(LAST);
        return;
      }
      for (Optional<Intake.Work> work = intake.now(); work.isPresent(); work = intake.now()) {
        store(work.get());
      }
    } catch (InterruptedException _) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    } catch (PgBackupException e) {
      listener.storing(e.problem());
    }
  }
}
