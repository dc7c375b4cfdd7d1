package io.pgbackup.cli.command;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// What the global options and the environment say, read when a verb asks for it.
final class Configuration {
  private static final String CONFIG = "PGBACKUP_CONFIG";
  private static final String STORE = "PGBACKUP_STORAGE_URL";

  private final PgBackupCommand global;
  private final Map<String, String> environment;
  private final ConfigLoader loader;

  Configuration(PgBackupCommand global, Map<String, String> environment) {
    this.global = global;
    this.environment = environment;
    this.loader = new ConfigLoader(environment);
  }

  /// The whole configuration, where a file was named.
  Optional<PgBackupConfig> file() {
    return global.config().or(() -> variable(CONFIG).map(Path::of)).map(loader::load);
  }

  /// @param why ends the sentence "... needs the configuration"
  PgBackupConfig requireFile(String why) {
    return file()
        .orElseThrow(
            () ->
                misconfigured(
                    why + " needs the server's configuration",
                    "Name it with --config FILE, for example --config /etc/pgbackup/agent.yaml."));
  }

  /// Where the backups are: `--store` first, then the file, then the environment.
  StorageConfig storage() {
    return global
        .store()
        .map(loader::fromStoreUrl)
        .or(() -> file().map(PgBackupConfig::storage))
        .or(() -> variable(STORE).map(loader::fromStoreUrl))
        .orElseThrow(
            () ->
                misconfigured(
                    "nothing says where the backups are",
                    "Give --config FILE, or --store s3://bucket or --store file:///directory."));
  }

  /// How objects are encrypted: what the file says, then the environment.
  EncryptionConfig encryption() {
    return file().map(PgBackupConfig::encryption).orElseGet(loader::encryption);
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  private static PgBackupException misconfigured(String message, String hint) {
    return Problem.misconfigured(message, hint).asException();
  }
}
