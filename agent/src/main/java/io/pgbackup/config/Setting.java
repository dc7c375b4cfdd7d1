package io.pgbackup.config;

import java.util.Optional;

/// One key and what holds for it, as text. Never a secret: secrets have no key, only the files that
/// hold them do.
///
/// @param key its path, such as `backup.schedule`
/// @param value as it was given, or the default; empty where nothing is given and nothing holds
/// @param variable the environment variable, where that gave the value
public record Setting(String key, String value, Origin origin, Optional<String> variable) {
  /// Where a value comes from.
  public enum Origin {
    DEFAULT,
    FILE,
    ENVIRONMENT
  }
}
