package io.pgbackup.postgres.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// A private directory for a server's Unix socket: only the server's user may enter it, and its
/// path is short enough for a socket address, which holds 107 bytes at most on Linux (103 on
/// macOS).
public record SocketDirectory(Path path) implements AutoCloseable {
  private static final int LONGEST = 60;

  public static SocketDirectory create(ServerUser user) {
    return in(Path.of(System.getProperty("java.io.tmpdir")), user);
  }

  /// Inside this folder, or in `/tmp` where the folder's path is too long.
  public static SocketDirectory in(Path folder, ServerUser user) {
    Path parent = folder.toString().length() > LONGEST ? Path.of("/tmp") : folder;
    try {
      Path directory =
          Files.createTempDirectory(
              parent,
              "pgb-",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      user.own(directory);
      return new SocketDirectory(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      Trees.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
