package io.pgbackup.engine.embedded;

import io.pgbackup.postgres.ControlFile;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Reads `global/pg_control` while the server may be writing it: again until its checksum holds.
final class ControlFileReader {
  private static final int ATTEMPTS = 100;

  private ControlFileReader() {}

  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if it never holds
  static byte[] read(Path dataDirectory) throws IOException {
    Path file = dataDirectory.resolve(ControlFile.PATH);
    IllegalArgumentException reason = new IllegalArgumentException("never read");
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      byte[] content = Files.readAllBytes(file);
      try {
        var _ = ControlFile.parse(content);
        return content;
      } catch (IllegalArgumentException e) {
        reason = e;
      }
    }
    throw Problem.verificationFailed(
            file + " cannot be used: " + reason.getMessage(),
            "If it is damaged, do not restart the server before you know why.")
        .causedBy(reason);
  }
}
