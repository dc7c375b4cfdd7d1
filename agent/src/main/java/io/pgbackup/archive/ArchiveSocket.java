package io.pgbackup.archive;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The Unix-domain socket that PostgreSQL's archive_command and restore_command speak to; see
/// `docs/socket-protocol.md`. Runs from [#open] to [#close] on threads of its own.
public final class ArchiveSocket implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(ArchiveSocket.class);
  private static final int BACKLOG = 128;

  private final Path path;
  private final Object file;
  private final ServerSocketChannel listener;
  private final PeerCheck peers;
  private final SocketService service;
  private final PgWal pgWal;
  private final SocketLimits limits;
  private final Deadlines deadlines = new Deadlines("archive-socket-deadlines");
  private final Semaphore places;
  private final Set<Conversation> conversations = ConcurrentHashMap.newKeySet();

  private ArchiveSocket(
      Path path,
      ServerSocketChannel listener,
      Path dataDirectory,
      PgWal pgWal,
      SocketService service,
      SocketLimits limits)
      throws IOException {
    this.path = path;
    this.file = fileKey(path);
    this.listener = listener;
    this.peers = new PeerCheck(dataDirectory);
    this.service = service;
    this.pgWal = pgWal;
    this.limits = limits;
    this.places = new Semaphore(limits.connections());
  }

  /// Listens. A socket file on which nobody answers is replaced.
  ///
  /// @param dataDirectory PGDATA as the agent sees it; its owner may connect, and requests that
  ///   carry names only are answered from it. It need not exist.
  /// @throws PgBackupException `Refused` if another agent answers on this path; `Misconfigured` if
  ///   no socket can be made there
  public static ArchiveSocket open(
      Path path, Path dataDirectory, WalArchiver archiver, WalServer server, SocketLimits limits) {
    try {
      SocketFile.removeStale(path);
      ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        listener.bind(UnixDomainSocketAddress.of(path), BACKLOG);
        // the peer's uid decides, and PostgreSQL's user need not share a group with the agent
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw-rw-"));
        var pgWal = new PgWal(dataDirectory);
        var ahead = new AheadFolder(dataDirectory);
        ahead.clear();
        var service = new SocketService(archiver, server, pgWal, ahead, limits);
        var socket = new ArchiveSocket(path, listener, dataDirectory, pgWal, service, limits);
        Thread.ofPlatform().name("archive-socket").start(socket::accept);
        return socket;
      } catch (IOException | RuntimeException e) {
        listener.close();
        throw e;
      }
    } catch (IOException e) {
      throw Problem.misconfigured(
              "the archive socket " + path + " cannot be made: " + e,
              "Set wal.socket to a path of at most 100 characters in a folder this user may write.")
          .causedBy(e);
    }
  }

  /// Whether to store more WAL at once than usual, as far as the heap has room for it.
  public void hurry(boolean now) {
    service.hurry(now);
  }

  private void accept() {
    while (listener.isOpen()) {
      places.acquireUninterruptibly();
      try {
        converse(listener.accept());
      } catch (ClosedChannelException _) {
        places.release();
        return;
      } catch (IOException | RuntimeException e) {
        places.release();
        LOGGER.atWarn().setCause(e).log("connection not accepted");
        pause();
      }
    }
  }

  // out of file handles, most likely; they come back when conversations end
  private static void pause() {
    try {
      Thread.sleep(Duration.ofMillis(100));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void converse(SocketChannel channel) throws IOException {
    UserPrincipal peer;
    try {
      peer = peers.peer(channel);
    } catch (IOException e) {
      Deadlines.close(channel);
      throw e;
    }
    if (!peers.permits(peer)) {
      refuse(channel, peer.getName());
      places.release();
      return;
    }
    var conversation = new Conversation(channel, service, pgWal, limits, deadlines);
    conversations.add(conversation);
    // of the platform: content comes in pieces, and to park a virtual one for each costs more than
    // the pieces do
    Thread.ofPlatform()
        .name("archive-connection-" + peer.getName())
        .start(
            () -> {
              try {
                conversation.run();
              } finally {
                conversations.remove(conversation);
                places.release();
              }
            });
    if (!listener.isOpen()) {
      conversation.stop();
    }
  }

  // answered before anything is read: a stranger gets one sentence and holds nothing
  private static void refuse(SocketChannel channel, String peer) throws IOException {
    LOGGER.atWarn().addKeyValue("user", peer).log("connection refused");
    try (channel) {
      Wire.writeFully(
          channel,
          new SocketReply.Refused(
                  "user %s may not use this socket. Only the owner of the data directory, the agent's user and root may."
                      .formatted(peer))
              .encode());
    }
  }

  private static Object fileKey(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  /// Accepts nothing any more, waits for requests under way, at most as long as
  /// [SocketLimits#drain], and removes the socket file.
  @Override
  public void close() {
    if (!listener.isOpen()) {
      return;
    }
    Deadlines.close(listener);
    removeOwnFile();
    conversations.forEach(Conversation::stop);
    if (!repliesSent() || !service.drain()) {
      LOGGER.atWarn().log("closing with requests under way; PostgreSQL will ask again");
      conversations.forEach(Conversation::abort);
    }
    deadlines.close();
  }

  private boolean repliesSent() {
    try {
      return places.tryAcquire(
          limits.connections(), limits.drain().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void removeOwnFile() {
    try {
      if (file.equals(fileKey(path))) {
        Files.delete(path);
      }
    } catch (IOException _) {
      // gone, or another agent's by now
    }
  }
}
