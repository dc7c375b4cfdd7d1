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
  private static final int LONGEST = 80;

  public static SocketDirectory create(ServerUser user) {
    Path usual = Path.of(System.getProperty("java.io.tmpdir"));
    Path parent = usual.toString().length() > LONGEST ? Path.of("/tmp") : usual;
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
