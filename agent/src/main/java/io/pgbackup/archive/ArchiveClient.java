package io.pgbackup.archive;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.READ;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/// The other end of [ArchiveSocket]: what runs as archive_command and restore_command. Light on
/// purpose, because PostgreSQL starts it anew for each segment.
///
/// Every method throws [PgBackupException] for everything that is not the outcome it names.
/// Thread-safe.
public final class ArchiveClient {
  /// No octet moved for so long: the agent hangs.
  public static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Path socket;
  private final Duration patience;

  public ArchiveClient(Path socket, Duration patience) {
    this.socket = socket;
    this.patience = patience;
  }

  /// Returns once the agent has said that the store confirmed the file.
  ///
  /// @param file its last part is the name of a WAL file
  /// @param sender the lineage that the file belongs to, empty for unknown
  public void push(Path file, Optional<LineageUid> sender) {
    WalFileName name = name(file);
    try (FileChannel content = open(file);
        WatchedChannel agent = connect()) {
      done(answerTo(agent, name, sender, content));
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private static WalFileName name(Path file) {
    return WalFileName.tryParse(String.valueOf(file.getFileName()))
        .orElseThrow(
            () ->
                Problem.misconfigured(
                        file + " is not a WAL file",
                        "PostgreSQL gives the right path: archive_command = 'pgbackup wal push %p'.")
                    .asException());
  }

  private static FileChannel open(Path file) {
    try {
      return FileChannel.open(file, READ);
    } catch (IOException e) {
      throw Problem.misconfigured(
              file + " cannot be read: " + e, "Run the command where %p leads to a file.")
          .causedBy(e);
    }
  }

  private static SocketReply answerTo(
      WatchedChannel agent, WalFileName name, Optional<LineageUid> sender, FileChannel content)
      throws IOException {
    try {
      long size = content.size();
      String uid = sender.map(LineageUid::value).orElse("");
      Wire.writeFully(agent, new SocketRequest.Push(name.text(), uid, size).encode());
      Wire.writeChecksum(agent, Wire.copy(content, agent, size));
    } catch (IOException e) {
      return answerDespite(e, agent);
    }
    return SocketReply.read(agent, false);
  }

  // the agent may answer and close before it has read everything
  private static SocketReply answerDespite(IOException failure, WatchedChannel agent)
      throws IOException {
    try {
      agent.shutdownOutput();
      return SocketReply.read(agent, false);
    } catch (IOException e) {
      failure.addSuppressed(e);
      throw failure;
    }
  }

  /// Writes the file so that it appears as a whole. It is not flushed to disk: PostgreSQL flushes
  /// what it keeps of it (`durable_rename`), and asks again after a crash.
  ///
  /// @return false only where the store proved that it has no such file
  public boolean fetch(WalFileName name, Path destination, Optional<LineageUid> sender) {
    Path temporary =
        destination.resolveSibling(
            destination.getFileName() + ".pgbackup-" + ProcessHandle.current().pid());
    try (WatchedChannel agent = connect()) {
      String uid = sender.map(LineageUid::value).orElse("");
      Wire.writeFully(agent, new SocketRequest.Fetch(name.text(), uid).encode());
      return switch (SocketReply.read(agent, true)) {
        case SocketReply.Absent _ -> false;
        case SocketReply.Delivered(var size) -> {
          receive(agent, size, temporary);
          publish(temporary, destination);
          yield true;
        }
        case SocketReply other -> {
          done(other);
          throw Problem.bug("the agent answered a fetch without content").asException();
        }
      };
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private static void receive(WatchedChannel agent, long size, Path temporary) throws IOException {
    try (FileChannel file = create(temporary)) {
      Wire.readChecksum(agent, Wire.copy(agent, file, size));
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
  }

  private static FileChannel create(Path temporary) {
    try {
      return SecretFile.overwrite(temporary);
    } catch (IOException e) {
      throw notWritten(temporary, e);
    }
  }

  private static void publish(Path temporary, Path destination) {
    try {
      Files.move(temporary, destination, ATOMIC_MOVE);
    } catch (IOException e) {
      throw notWritten(destination, e);
    }
  }

  private static PgBackupException notWritten(Path file, IOException e) {
    return Problem.misconfigured(
            file + " cannot be written: " + e, "Run the command where %p leads to a file.")
        .causedBy(e);
  }

  /// Returns if an agent answers.
  public void ping() {
    try (WatchedChannel agent = connect()) {
      Wire.writeFully(agent, new SocketRequest.Ping().encode());
      done(SocketReply.read(agent, false));
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private WatchedChannel connect() {
    try {
      return WatchedChannel.connect(socket, patience);
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "no agent answers on " + socket + ": " + e.getMessage(),
              "Start pgbackup-agent, or name its wal.socket with --socket or PGBACKUP_WAL_SOCKET.")
          .causedBy(e);
    }
  }

  private static void done(SocketReply reply) {
    switch (reply) {
      case SocketReply.Done _, SocketReply.Delivered _ -> {}
      case SocketReply.Refused(var text) -> throw answered(new Problem.Refused(text, NO_HINT));
      case SocketReply.Failed(var text) ->
          throw answered(new Problem.StorageFailed(text, NO_HINT, true));
      case SocketReply.Absent(var text) -> throw answered(new Problem.NotFound(text, NO_HINT));
      case SocketReply.Offered _ ->
          throw Problem.bug("the agent offered a file that was not asked for").asException();
      case SocketReply.BadRequest(var text) ->
          throw answered(new Problem.Misconfigured(text, NO_HINT));
    }
  }

  // the agent's text ends with its own hint
  private static final Optional<String> NO_HINT = Optional.empty();

  private static PgBackupException answered(Problem problem) {
    return problem.asException();
  }

  private PgBackupException broken(IOException e) {
    if (e instanceof ClosedChannelException) {
      return Problem.timedOut(
              "the agent on " + socket + " said nothing for " + patience.toSeconds() + " seconds",
              "Look into its log; PostgreSQL keeps the file and asks again.")
          .causedBy(e);
    }
    return Problem.storageUnavailable(
            "the transfer with the agent on " + socket + " broke off: " + e.getMessage(),
            "Look into its log; PostgreSQL keeps the file and asks again.")
        .causedBy(e);
  }
}
