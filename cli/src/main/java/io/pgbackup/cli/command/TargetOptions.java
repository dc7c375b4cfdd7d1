package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.TargetTime;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// How far recovery goes: exactly one of them.
final class TargetOptions {
  @Option(
      names = "--timestamp",
      paramLabel = "T",
      description = "The instant, with its offset from UTC: 2026-11-21T02:13:37Z.")
  private @Nullable String timestamp;

  @Option(names = "--latest", description = "Everything that was archived.")
  private boolean latest;

  RecoveryTarget target(ZoneId local) {
    return latest
        ? new RecoveryTarget.Latest()
        : new RecoveryTarget.AtTime(TargetTime.parse(requireNonNull(timestamp), local));
  }

  /// The same, as words of a command line: what was understood, in UTC.
  List<String> words(ZoneId local) {
    return switch (target(local)) {
      case RecoveryTarget.AtTime(Instant instant) -> List.of("--timestamp", instant.toString());
      case RecoveryTarget.Latest() -> List.of("--latest");
    };
  }
}
