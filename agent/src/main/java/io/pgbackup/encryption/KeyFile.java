package io.pgbackup.encryption;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Reads keys from files.
final class KeyFile {
  private static final String WHAT = "key file";
  private static final int GREATEST = 1 << 20;

  private KeyFile() {}

  /// @throws PgBackupException `Misconfigured` where others than the owner may read it
  static String secret(Path file) {
    return text(file, SecretFile.read(file, WHAT));
  }

  static String notSecret(Path file) {
    try {
      if (Files.size(file) > GREATEST) {
        throw unusable(file, "is far too large for a key");
      }
      return text(file, Files.readAllBytes(file));
    } catch (IOException e) {
      throw Problem.misconfigured(
              "cannot read the " + WHAT + " " + file,
              "Check that it exists and that the user that runs pgbackup may read it.")
          .causedBy(e);
    }
  }

  /// Without the white space at both ends.
  private static String text(Path file, byte[] content) {
    String text = new String(content, StandardCharsets.UTF_8).strip();
    if (text.isEmpty()) {
      throw unusable(file, "is empty");
    }
    return text;
  }

  /// @param fault ends the sentence "the key file ..."
  static PgBackupException unusable(Path file, String fault) {
    return Problem.misconfigured(
            "the key file " + file + " " + fault, "See docs/encryption.md for how to make a key.")
        .asException();
  }
}
