package io.pgbackup.config;

import java.util.List;

/// A configuration, and each of its keys with the value that holds for it, in the order of the
/// documentation. Immutable.
///
/// @param settings without the keys of `broker` where no credentials are issued
public record EffectiveConfig(PgBackupConfig config, List<Setting> settings) {
  public EffectiveConfig {
    settings = List.copyOf(settings);
  }
}
