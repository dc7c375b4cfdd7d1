package io.pgbackup.restore;

import io.pgbackup.postgres.process.ServerUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Files in a data directory: for the server's user alone.
final class OwnedFiles {
  private OwnedFiles() {}

  static void write(Path file, String content, ServerUser user) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, content);
    user.own(file);
  }
}
