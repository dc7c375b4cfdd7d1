package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// Whether the files that hold secrets are there, and nobody else reads them.
final class SecretFiles {
  private static final Set<PosixFilePermission> OTHERS =
      Set.of(
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE,
          PosixFilePermission.GROUP_WRITE);

  private SecretFiles() {}

  static Outcome judge(PgBackupConfig config) {
    List<Path> files = files(config);
    if (files.isEmpty()) {
      return Outcome.pass("the configuration names none");
    }
    List<String> open = new ArrayList<>();
    for (Path file : files) {
      try {
        Set<PosixFilePermission> permissions = EnumSet.copyOf(Files.getPosixFilePermissions(file));
        permissions.retainAll(OTHERS);
        if (!permissions.isEmpty()) {
          open.add(file.toString());
        }
        if (!Files.isReadable(file)) {
          return unreadable(file);
        }
      } catch (IOException e) {
        return unreadable(file);
      }
    }
    return open.isEmpty()
        ? Outcome.pass("%d, which nobody else can read".formatted(files.size()))
        : Outcome.fail(
            Problem.misconfigured(
                "others can read or change " + String.join(", ", open),
                "Run: chmod 0600 %s. On Kubernetes give the Secret's volume defaultMode: 0400."
                    .formatted(String.join(" ", open))));
  }

  private static Outcome unreadable(Path file) {
    return Outcome.fail(
        Problem.misconfigured(
            "the secret file %s cannot be read".formatted(file),
            "Check that it exists and that the user that runs pgbackup may read it."));
  }

  private static List<Path> files(PgBackupConfig config) {
    List<Path> files = new ArrayList<>();
    config.postgres().passwordFile().ifPresent(files::add);
    config.storage().credentials().ifPresent(source -> files.addAll(of(source)));
    EncryptionConfig encryption = config.encryption();
    encryption.keyFile().ifPresent(files::add);
    encryption.secretKeyFile().ifPresent(files::add);
    encryption.passphraseFile().ifPresent(files::add);
    files.addAll(encryption.previousKeyFiles());
    return files;
  }

  private static List<Path> of(CredentialFiles credentials) {
    List<Path> files = new ArrayList<>();
    files.add(credentials.accessKeyIdFile());
    files.add(credentials.secretAccessKeyFile());
    credentials.sessionTokenFile().ifPresent(files::add);
    return files;
  }
}
