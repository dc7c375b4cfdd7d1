package io.pgbackup.cli.command;

import io.pgbackup.problem.Problem;
import io.pgbackup.restore.TargetTime;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Which state of the store is read: today's if left out.
final class AsOfOption {
  @Option(
      names = "--as-of",
      paramLabel = "T",
      description =
          "Read the bucket as it stood at T, before somebody overwrote or deleted; it must keep"
              + " versions.")
  private @Nullable String asOf;

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if it is no instant of the past
  Optional<Instant> instant(Surroundings surroundings) {
    Optional<Instant> instant =
        Optional.ofNullable(asOf).map(text -> TargetTime.parse(text, surroundings.local()));
    if (instant.filter(surroundings.clock().instant()::isBefore).isPresent()) {
      throw Problem.misconfigured(
              "--as-of " + instant.get() + " lies in the future",
              "It is an instant at which the bucket was still as it should be.")
          .asException();
    }
    return instant;
  }
}
