package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// A stand-in for wal-g: a shell script that misbehaves on purpose, as no real one does on demand.
/// It proves nothing about what WAL-G writes.
final class StandIn {
  private StandIn() {}

  /// @param script its first argument `$1` is the verb
  static Path script(Path folder, String script) throws IOException {
    Path file = folder.resolve("stand-in-for-wal-g");
    Files.writeString(file, "#!/bin/sh\n" + script, UTF_8);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /// One that says which version it is, and otherwise does what the script says.
  static Path versioned(Path folder, String script) throws IOException {
    return script(
        folder,
        """
        if [ "$1" = --version ]; then
          printf 'wal-g version v3.0.9\\tstand-in\\tstand-in\\tPostgreSQL\\n'
          exit 0
        fi
        """
            + script);
  }
}
