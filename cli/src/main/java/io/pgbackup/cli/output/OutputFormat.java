package io.pgbackup.cli.output;

import java.util.Arrays;
import java.util.Locale;

/// How data is written to standard output.
public enum OutputFormat {
  /// For people.
  TABLE,
  /// For scripts: fields are only ever added.
  JSON;

  /// @throws IllegalArgumentException if it is neither
  public static OutputFormat parse(String text) {
    return Arrays.stream(values())
        .filter(format -> format.toString().equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("'" + text + "' is neither table nor json"));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
