package io.pgbackup.config;

import java.nio.file.Path;

/// Where a configuration lies, so that it can be read again when it changed. Immutable; every
/// method throws [io.pgbackup.problem.PgBackupException] with `Misconfigured`.
public record ConfigFile(Path path, ConfigLoader loader) {
  /// What stands in it now. Changes are told by this and not by the file's stamp: Kubernetes swaps
  /// a link to a whole folder, and the file that is found then may be older than the one before.
  public String text() {
    return ConfigLoader.text(path);
  }

  /// @param text of the whole file
  public EffectiveConfig parse(String text) {
    return loader.read(ConfigLoader.source(path), text);
  }

  /// Reads it, and keeps the text to see later whether it changed.
  public Loaded load() {
    String text = text();
    return new Loaded(this, text, parse(text));
  }

  /// A configuration as it was read.
  public record Loaded(ConfigFile file, String text, EffectiveConfig effective) {}
}
