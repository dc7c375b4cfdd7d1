package io.pgbackup.cli.source;

import java.nio.file.Path;
import java.util.Optional;

/// What the options say about where the backups are, as they were typed.
///
/// @param config the agent's configuration
/// @param store `s3://bucket` or `file:///directory`
/// @param walgEnv settings of WAL-G
/// @param prefix the literal folder of one archive
public record SourceOptions(
    Optional<Path> config,
    Optional<String> store,
    Optional<Path> walgEnv,
    Optional<String> prefix) {
  public SourceOptions withPrefix(Optional<String> folder) {
    return new SourceOptions(config, store, walgEnv, folder);
  }
}
