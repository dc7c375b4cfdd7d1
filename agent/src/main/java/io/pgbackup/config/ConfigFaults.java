package io.pgbackup.config;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.List;

/// Gathers every fault of one configuration, so that a person mends them all at once.
///
/// Not thread-safe: one belongs to one reading.
final class ConfigFaults {
  private final List<String> lines = new ArrayList<>();

  /// @param where the key's path, or the environment variable that gave the value
  void add(String where, String fault) {
    lines.add(where + ": " + fault);
  }

  void throwIfAny(String source) {
    if (lines.isEmpty()) {
      return;
    }
    throw Problem.misconfigured(
            "%s has %s:\n  %s"
                .formatted(
                    source,
                    lines.size() == 1 ? "1 problem" : lines.size() + " problems",
                    String.join("\n  ", lines)),
            "docs/configuration.md describes every key.")
        .asException();
  }

  static PgBackupException unreadable(String source, String fault, Throwable cause) {
    return Problem.misconfigured(
            "%s cannot be read: %s".formatted(source, fault),
            "docs/configuration.md shows a complete file.")
        .causedBy(cause);
  }
}
