package io.pgbackup.cli.output;

import java.util.Arrays;
import java.util.Locale;

/// How data is written to standard output.
public enum OutputFormat {
  /// For people.
  TABLE,
  /// For scripts: fields are only ever added.
  JSON,
  /// Of a credential: `NAME='value'` lines for a shell.
  ENV,
  /// Of a credential: the manifest of a Secret for Kubernetes.
  SECRET;

  /// @throws IllegalArgumentException if it is none of them
  public static OutputFormat parse(String text) {
    return Arrays.stream(values())
        .filter(format -> format.toString().equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'" + text + "' is none of table, json, env and secret"));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
