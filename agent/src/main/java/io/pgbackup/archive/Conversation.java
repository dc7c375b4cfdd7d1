package io.pgbackup.archive;

import io.pgbackup.archive.AheadFolder.AheadFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One connection, from its first request to its last reply, on a thread of its own. Whatever the
/// other side sends, it ends: each step has a deadline, and nothing it does reaches another
/// connection.
final class Conversation implements Runnable {
  private static final Logger LOGGER = LoggerFactory.getLogger(Conversation.class);

  private final SocketChannel channel;
  private final RequestReader reader;
  private final SocketService service;
  private final PgWal pgWal;
  private final SocketLimits limits;
  private final Deadlines deadlines;
  private boolean answering;
  private boolean stopping;

  Conversation(
      SocketChannel channel,
      SocketService service,
      PgWal pgWal,
      SocketLimits limits,
      Deadlines deadlines) {
    this.channel = channel;
    this.reader = new RequestReader(channel);
    this.service = service;
    this.pgWal = pgWal;
    this.limits = limits;
    this.deadlines = deadlines;
  }

  @Override
  public void run() {
    try (channel) {
      boolean another = true;
      while (another) {
        Optional<Integer> operation = nextOperation();
        another = operation.isPresent() && begin() && answer(operation.get());
        end();
      }
    } catch (IOException e) {
      // the client went away, or a deadline closed the channel; whole pushes go on without it
      LOGGER.atDebug().addKeyValue("reason", e.toString()).log("connection ended early");
    }
  }

  /// Ends the conversation: at once if nothing was asked, otherwise after the reply.
  synchronized void stop() {
    stopping = true;
    if (!answering) {
      Deadlines.close(channel);
    }
  }

  /// Ends the conversation now, whatever is under way.
  void abort() {
    Deadlines.close(channel);
  }

  private synchronized boolean begin() {
    answering = !stopping;
    return answering;
  }

  private synchronized void end() {
    answering = false;
  }

  private Optional<Integer> nextOperation() throws IOException {
    try (var _ = deadlines.in(limits.idle(), channel)) {
      return reader.operation();
    }
  }

  /// @return whether the connection stays open
  private boolean answer(int operation) throws IOException {
    boolean ours = (operation & SocketProtocol.OURS) != 0;
    SocketRequest request;
    try (var _ = deadlines.in(limits.head(), channel)) {
      request = reader.request(operation);
    } catch (BadRequestException e) {
      LOGGER.atWarn().addKeyValue("reason", e.getMessage()).log("request not understood");
      reply(ours, new SocketReply.BadRequest(String.valueOf(e.getMessage())));
      return false;
    }
    try {
      carryOut(request);
    } catch (BadRequestException e) {
      LOGGER.atWarn().addKeyValue("reason", e.getMessage()).log("request not understood");
      reply(ours, new SocketReply.BadRequest(String.valueOf(e.getMessage())));
    } catch (PgBackupException e) {
      logFailure(request, e.problem());
      reply(ours, SocketReply.to(e.problem()));
    } catch (RuntimeException e) {
      LOGGER.atError().setCause(e).addKeyValue("request", request).log("request broke off");
      reply(ours, SocketReply.to(Problem.bug("the agent failed: " + e)));
    }
    return request instanceof SocketRequest.Check && !stopping();
  }

  private synchronized boolean stopping() {
    return stopping;
  }

  private void carryOut(SocketRequest request) throws IOException {
    switch (request) {
      case SocketRequest.Check() -> reply(false, new SocketReply.Done());
      case SocketRequest.Ping() -> reply(true, new SocketReply.Done());
      case SocketRequest.PushByName(var name) -> pushByName(walFile(name));
      case SocketRequest.FetchByName(var name, var destination) ->
          fetchByName(walFile(name), destination);
      case SocketRequest.Push(var name, var uid, var size) ->
          push(walFile(name), lineage(uid), (int) size);
      case SocketRequest.Fetch(var name, var uid) -> {
        var _ = lineage(uid);
        fetch(walFile(name), false);
      }
      case SocketRequest.FetchOrTake(var name, var uid) -> {
        var _ = lineage(uid);
        fetch(walFile(name), true);
      }
    }
  }

  private void push(WalFileName name, Optional<LineageUid> sender, int size) throws IOException {
    Attempt attempt = service.attempt(name);
    try (var slot = service.takeSlot(size)) {
      byte[] content;
      try (var _ = deadlines.in(limits.transfer(), channel)) {
        content = slot.memory(size);
        Wire.readContent(channel, content);
      } catch (OutOfMemoryError e) {
        throw SocketService.tooLittleMemory(e);
      }
      service.push(attempt, content, sender, slot);
    } catch (PgBackupException e) {
      attempt.answeredAsFailed(e.problem());
      throw e;
    }
    archived(name);
    reply(true, new SocketReply.Done());
  }

  private void pushByName(WalFileName name) throws IOException {
    Attempt attempt = service.attempt(name);
    try (var slot = service.takeSlot(pgWal.size(name))) {
      service.push(attempt, pgWal.read(name, slot::memory), Optional.empty(), slot);
    } catch (PgBackupException e) {
      attempt.answeredAsFailed(e.problem());
      throw e;
    }
    archived(name);
    reply(false, new SocketReply.Done());
  }

  private static void archived(WalFileName name) {
    LOGGER.atDebug().addKeyValue("segment", name.text()).log("wal file archived");
  }

  /// @param take whether the client may take a file away instead
  private void fetch(WalFileName name, boolean take) throws IOException {
    try (var slot = service.takeSlot(0)) {
      Optional<Fetched> found = service.fetch(name, slot);
      if (found.isEmpty()) {
        reply(true, absent(name));
        return;
      }
      try (Fetched fetched = found.get()) {
        if (take && fetched instanceof Fetched.InFile(AheadFile file) && taken(file)) {
          return;
        }
        byte[] content = fetched.bytes(slot);
        try (var _ = deadlines.in(limits.transfer(), channel)) {
          write(new SocketReply.Delivered(content.length).encode());
          Wire.writeContent(channel, content);
        }
      }
    }
  }

  private boolean taken(AheadFile file) throws IOException {
    reply(true, new SocketReply.Offered(file.path().toString(), file.size()));
    try (var _ = deadlines.in(limits.transfer(), channel)) {
      return reader.operation().filter(octet -> octet == SocketProtocol.SEND_IT).isEmpty();
    }
  }

  private void fetchByName(WalFileName name, String destinationText) throws IOException {
    var destination = pgWal.destination(destinationText);
    try (var slot = service.takeSlot(0)) {
      Optional<Fetched> found = service.fetch(name, slot);
      if (found.isPresent()) {
        try (Fetched fetched = found.get()) {
          pgWal.deliver(destination, fetched, slot);
        }
      }
      reply(false, found.isPresent() ? new SocketReply.Done() : absent(name));
    }
  }

  private static SocketReply absent(WalFileName name) {
    return new SocketReply.Absent("the archive has no " + name.text());
  }

  private static WalFileName walFile(String text) throws BadRequestException {
    return WalFileName.tryParse(text)
        .orElseThrow(() -> new BadRequestException("'" + text + "' is not the name of a WAL file"));
  }

  private static Optional<LineageUid> lineage(String text) throws BadRequestException {
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(new LineageUid(text));
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(String.valueOf(e.getMessage()));
    }
  }

  private void reply(boolean ours, SocketReply reply) throws IOException {
    try (var _ = deadlines.in(limits.transfer(), channel)) {
      write(ours ? reply.encode() : reply.encodeForDaemonClient());
    }
  }

  private void write(ByteBuffer octets) throws IOException {
    Wire.writeFully(channel, octets);
  }

  private static void logFailure(SocketRequest request, Problem problem) {
    LOGGER
        .atWarn()
        .addKeyValue("request", request)
        .addKeyValue("problem", problem.message())
        .addKeyValue("hint", problem.hint().orElse(""))
        .log("request failed");
  }
}
