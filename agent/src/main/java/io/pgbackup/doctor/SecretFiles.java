package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.ClientCertificate;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.CredentialJson;
import io.pgbackup.config.PgBackupConfig.CredentialSource;
import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Whether the files that hold secrets are there, and nobody else reads them.
final class SecretFiles {
  private SecretFiles() {}

  static Outcome judge(PgBackupConfig config) {
    List<Path> files = files(config);
    List<Problem> problems = new ArrayList<>();
    for (Path file : files) {
      try {
        SecretFile.read(file, "secret file");
      } catch (PgBackupException e) {
        problems.add(e.problem());
      }
    }
    if (problems.isEmpty()) {
      return Outcome.pass(
          files.isEmpty()
              ? "the configuration names none"
              : "%d, which nobody else can read".formatted(files.size()));
    }
    return Outcome.fail(
        Problem.misconfigured(
            problems.stream().map(Problem::message).collect(Collectors.joining("; ")),
            problems.stream()
                .flatMap(problem -> problem.hint().stream())
                .distinct()
                .collect(Collectors.joining(" "))));
  }

  private static List<Path> files(PgBackupConfig config) {
    List<Path> files = new ArrayList<>();
    config.postgres().passwordFile().ifPresent(files::add);
    config.postgres().tls().client().map(ClientCertificate::key).ifPresent(files::add);
    config.storage().credentials().ifPresent(source -> files.addAll(of(source)));
    config.http().tokenFile().ifPresent(files::add);
    config.drill().credentialsFile().ifPresent(files::add);
    EncryptionConfig encryption = config.encryption();
    encryption.keyFile().ifPresent(files::add);
    encryption.secretKeyFile().ifPresent(files::add);
    encryption.passphraseFile().ifPresent(files::add);
    files.addAll(encryption.previousKeyFiles());
    return files;
  }

  private static List<Path> of(CredentialSource source) {
    List<Path> files = new ArrayList<>();
    switch (source) {
      case CredentialJson(Path file) -> files.add(file);
      case CredentialFiles credentials -> {
        files.add(credentials.accessKeyIdFile());
        files.add(credentials.secretAccessKeyFile());
        credentials.sessionTokenFile().ifPresent(files::add);
      }
    }
    return files;
  }
}
