package io.pgbackup.stream;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.postgres.jdbc.ReplicationClient;
import io.pgbackup.postgres.jdbc.SlotState;
import io.pgbackup.postgres.jdbc.WalStream;
import io.pgbackup.postgres.jdbc.WalStream.Message;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Streams a primary's WAL into one lineage's archive, from one connection to its end. Belongs to
/// one thread.
public final class StreamSession {
  private static final Logger LOGGER = LoggerFactory.getLogger(StreamSession.class);

  /// Well under the shortest `wal_sender_timeout` that anybody would set.
  private static final Duration STATUS = Duration.ofSeconds(1);

  private static final Duration IDLE = Duration.ofMillis(20);

  private final PostgresConfig postgres;
  private final SystemIdentifier expected;
  private final WalSegmentSize size;
  private final String slot;
  private final StreamArchive archive;
  private final StreamListener listener;
  private final Duration interval;
  private final Duration patience;

  /// Takes a server that is silent for [ReplicationClient#PATIENCE] for dead.
  ///
  /// @param expected of the lineage that the archive is of
  /// @param interval how long bytes of an unfinished segment wait for the store
  public StreamSession(
      PostgresConfig postgres,
      SystemIdentifier expected,
      WalSegmentSize size,
      String slot,
      StreamArchive archive,
      StreamListener listener,
      Duration interval) {
    this(postgres, expected, size, slot, archive, listener, interval, ReplicationClient.PATIENCE);
  }

  /// @param patience after which a silent server is taken for dead, and the server takes a silent
  ///   agent for dead
  StreamSession(
      PostgresConfig postgres,
      SystemIdentifier expected,
      WalSegmentSize size,
      String slot,
      StreamArchive archive,
      StreamListener listener,
      Duration interval,
      Duration patience) {
    this.postgres = postgres;
    this.expected = expected;
    this.size = size;
    this.slot = slot;
    this.archive = archive;
    this.listener = listener;
    this.interval = interval;
    this.patience = patience;
  }

  /// Returns when it is not wanted any more, or where a timeline was left behind and the next call
  /// goes on with the one after it.
  ///
  /// @throws PgBackupException `PostgresFailed` when the server or the way to it broke off,
  ///   `Refused` if its WAL does not belong into this archive
  public void run(BooleanSupplier wanted) {
    try (ReplicationClient client = ReplicationClient.connect(postgres, patience)) {
      ReplicationClient.Identity server = client.identify();
      requireOurs(server);
      TimelineHistory path = history(client, server.timeline());
      // made first, so that nothing is removed while continuity is looked at
      Lsn kept = reserve();
      WalSegment oldest = SlotNeed.oldest(path, kept, size);
      Optional<WalSegment> next = archive.behindHead(path, size);
      Set<WalSegment> held = archive.heldFrom(oldest, path);
      switch (StreamStart.decide(
          next, path, server.flushed(), oldest, held::contains, this::serverHas)) {
        case StreamStart.Never(var problem) -> throw problem.asException();
        case StreamStart.From from -> receive(client, path, from, wanted);
      }
    }
  }

  private void requireOurs(ReplicationClient.Identity server) {
    if (!server.systemIdentifier().equals(expected)) {
      throw Problem.refused(
              "the server that streams has system identifier %s, and this lineage is of %s"
                  .formatted(server.systemIdentifier(), expected),
              "Check postgres.host and postgres.port.")
          .asException();
    }
  }

  static TimelineHistory history(ReplicationClient client, Timeline timeline) {
    return timeline.equals(Timeline.FIRST)
        ? TimelineHistory.root(timeline)
        : TimelineHistory.parse(
            timeline, new String(client.history(timeline), StandardCharsets.ISO_8859_1));
  }

  /// @return from where on the slot keeps WAL
  private Lsn reserve() {
    try (PostgresClient client = PostgresClient.connect(postgres)) {
      Optional<SlotState.Slot> standing = client.slot(slot).slot();
      if (standing.filter(SlotState.Slot::lost).isPresent()) {
        LOGGER
            .atWarn()
            .addKeyValue("slot", slot)
            .log("the server gave the slot up (max_slot_wal_keep_size); it is made anew");
        client.dropIdleSlot(slot);
        standing = Optional.empty();
      }
      if (standing.isEmpty()) {
        client.createSlot(slot);
        LOGGER.atInfo().addKeyValue("slot", slot).log("replication slot made");
        standing = client.slot(slot).slot();
      }
      return standing
          .flatMap(SlotState.Slot::restart)
          .orElseThrow(
              () ->
                  Problem.postgresFailed(
                          "replication slot " + slot + " keeps no WAL",
                          "Drop it, and the agent makes it anew: SELECT pg_drop_replication_slot('"
                              + slot
                              + "').")
                      .asException());
    }
  }

  private boolean serverHas(WalSegment segment) {
    try (PostgresClient client = PostgresClient.connect(postgres)) {
      return client.hasWal(segment.fileName());
    }
  }

  private void receive(
      ReplicationClient client,
      TimelineHistory path,
      StreamStart.From from,
      BooleanSupplier wanted) {
    WalSegment first = from.first();
    from.gap().ifPresent(gap -> listener.gap(gap.first(), gap.last()));
    pushHistories(client, path, first.timeline());
    WalStream stream = client.start(slot, first.timeline(), first.start());
    Intake intake = new Intake(first);
    listener.begun(slot, first.start());
    Storing storing =
        new Storing(intake, archive, listener, interval, "wal-stream-" + first.fileName());
    try {
      try (storing) {
        new Receiving(stream, intake, storing, from.until(), patience.dividedBy(3)).run(wanted);
      }
      confirmLast(stream, storing.stored());
    } finally {
      listener.ended();
    }
  }

  /// The end of a stream stores what was left, and the slot is to keep no more than what is not.
  private static void confirmLast(WalStream stream, Lsn stored) {
    try {
      stream.confirm(stored, false);
    } catch (PgBackupException e) {
      // it keeps more than it need until the next stream begins
      LOGGER.atDebug().setCause(e).log("the server did not hear what was stored last");
    }
  }

  /// The fence wants a timeline's history before its first segment.
  private void pushHistories(ReplicationClient client, TimelineHistory path, Timeline from) {
    for (TimelineHistory.Ancestor ancestor : path.ancestors()) {
      if (ancestor.timeline().compareTo(from) >= 0) {
        pushHistory(client, ancestor.timeline());
      }
    }
    pushHistory(client, path.timeline());
  }

  private void pushHistory(ReplicationClient client, Timeline timeline) {
    if (!timeline.equals(Timeline.FIRST)) {
      archive.history(
          new WalFileName.History(timeline.toHex() + ".history"), client.history(timeline));
    }
  }

  /// One stream, message by message.
  ///
  /// @param proof how often the server is asked for a sign of life
  private record Receiving(
      WalStream stream, Intake intake, Storing storing, Optional<Lsn> until, Duration proof) {
    void run(BooleanSupplier wanted) {
      Lsn told = storing.stored();
      long now = System.nanoTime();
      long heard = now;
      long status = now;
      long ask = now + proof.toNanos();
      Optional<Message.Data> waiting = Optional.empty();
      while (wanted.getAsBoolean() && !isBehind()) {
        boolean idle = true;
        boolean answer = false;
        if (waiting.isEmpty()) {
          Optional<Message> message = stream.next();
          if (message.isPresent()) {
            heard = System.nanoTime();
            idle = false;
            switch (message.get()) {
              case Message.Data data -> waiting = Optional.of(data);
              case Message.Alive(boolean wantsAnswer) -> answer = wantsAnswer;
            }
          }
        } else {
          heard = System.nanoTime();
        }
        if (waiting.isPresent()) {
          waiting = waiting.filter(data -> !takes(data));
          idle = waiting.isPresent();
        }
        if (answer) {
          // a server that stops waits until its last byte is confirmed
          intake.urgent();
        }
        now = System.nanoTime();
        Lsn stored = storing.stored();
        boolean prove = now - ask >= 0;
        if (answer || prove || told.isBefore(stored) || now - status >= 0) {
          stream.confirm(stored, prove);
          told = stored;
          status = now + STATUS.toNanos();
          ask = prove ? now + proof.toNanos() : ask;
        }
        stream.requireLife(Duration.ofNanos(now - heard));
        if (idle) {
          pause();
        }
      }
    }

    private boolean takes(Message.Data data) {
      // what is left of a message that did not fit stands at its buffer's position
      return intake.add(data.start().plus(data.bytes().position()), data.bytes());
    }

    /// All of the timeline that recovery reads from it was received.
    private boolean isBehind() {
      return until.filter(end -> end.compareTo(intake.position()) <= 0).isPresent();
    }

    private static void pause() {
      try {
        Thread.sleep(IDLE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Problem.timedOut("interrupted while WAL was received", "Nothing is lost.")
            .causedBy(e);
      }
    }
  }
}
