package io.pgbackup.archive;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/// The name under which a socket is found; it outlives a killed agent.
final class SocketFile {
  private SocketFile() {}

  /// Makes room for a new socket.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if somebody answers there, or if
  ///   something else than a socket has that name
  static void removeStale(Path path) throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .isOther()) {
      throw Problem.refused(path + " exists and is no socket", "Set wal.socket to another path.")
          .asException();
    }
    try (var _ = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      throw Problem.refused(
              "another agent answers on " + path,
              "Stop it first, or give each agent a wal.socket of its own.")
          .asException();
    } catch (ConnectException _) {
      Files.deleteIfExists(path);
    }
  }
}
