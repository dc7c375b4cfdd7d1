package io.pgbackup.encryption;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/// Reads keys from files. Links are followed, as a secret on Kubernetes is one.
final class KeyFile {
  private static final int GREATEST = 1 << 20;

  private KeyFile() {}

  /// @throws PgBackupException `Misconfigured` where others than the owner may read it, by the rule
  ///   that PostgreSQL has for its keys: a file of root's may be readable for its group
  static String secret(Path file) {
    try {
      PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
      Set<PosixFilePermission> forbidden =
          EnumSet.of(
              PosixFilePermission.GROUP_WRITE,
              PosixFilePermission.OTHERS_READ,
              PosixFilePermission.OTHERS_WRITE);
      if (!attributes.owner().getName().equals("root")) {
        forbidden.add(PosixFilePermission.GROUP_READ);
      }
      forbidden.retainAll(attributes.permissions());
      if (!forbidden.isEmpty()) {
        throw Problem.misconfigured(
                "the key file " + file + " can be read or changed by others than its owner",
                "chmod 0600 %s; on Kubernetes give the secret's volume defaultMode: 0440."
                    .formatted(file))
            .asException();
      }
      return text(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  static String notSecret(Path file) {
    try {
      return text(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /// Without the white space at both ends.
  private static String text(Path file) throws IOException {
    if (Files.size(file) > GREATEST) {
      throw unusable(file, "is far too large for a key");
    }
    String text = Files.readString(file).strip();
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

  private static PgBackupException unreadable(Path file, IOException cause) {
    return Problem.misconfigured(
            "cannot read the key file " + file,
            "Check that it exists and that the user that runs pgbackup may read it.")
        .causedBy(cause);
  }
}
