package io.pgbackup.engine.walg;

import io.pgbackup.credentials.CredentialState;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/// How a wal-g ended, in our words: its exit status says little (1 is any error, 2 a panic of Go),
/// so the last line that means something says the rest.
///
/// @param status 128 and the number where a signal ended it
/// @param killedByUs at a deadline, or because it was no longer wanted
/// @param peakMemory in bytes, where known
record WalgExit(int status, boolean killedByUs, LogTail tail, OptionalLong peakMemory) {
  static final int KILLED = 128 + 9;
  private static final int PANIC = 2;
  private static final int NOT_EXECUTABLE = 126;
  private static final int NOT_FOUND = 127;

  private static final String MORE_MEMORY = "raise the limit, or lower backup.threads.";

  private static final List<String> FORBIDDEN =
      List.of("accessdenied", "status code: 403", "forbidden", "permission denied");
  private static final List<String> PASSES =
      List.of(
          "requesterror",
          "connection refused",
          "connection reset",
          "no such host",
          "i/o timeout",
          "slowdown",
          "serviceunavailable",
          "internalerror",
          "status code: 5",
          "status code: 429");
  private static final List<String> POSTGRES =
      List.of("failed to connect to `", "sqlstate", "postgresql connect", "connect: postgres");

  boolean succeeded() {
    return status == 0 && !killedByUs;
  }

  /// @param what was run: `wal-g backup-push`
  PgBackupException failure(String what) {
    String said = tail.reason().map(line -> ": " + line).orElse(", and said nothing");
    return switch (status) {
      case PANIC -> crashed(what, said).asException();
      case KILLED ->
          Problem.storageFailed(
                  what + " was killed (SIGKILL)" + memory(),
                  "The system kills what needs more memory than there is: " + MORE_MEMORY)
              .asException();
      case NOT_EXECUTABLE, NOT_FOUND ->
          Problem.misconfigured(
                  what + " could not be executed (exit status %d)".formatted(status) + said,
                  "Name a wal-g for this machine with engine.walgBinary.")
              .asException();
      default -> classified(what + " failed (" + ending() + ")" + said).asException();
    };
  }

  private Problem crashed(String what, String said) {
    if (said.startsWith(": fatal error: ") && said.contains("memory")) {
      return Problem.storageFailed(
          what + " ran out of memory" + memory() + said,
          "It may have less than it needs: " + MORE_MEMORY);
    }
    return Problem.storageFailed(
        what + " crashed (panic, exit status 2)" + said,
        "This is a fault in wal-g itself: try another version of it, or set engine.backup to"
            + " embedded.");
  }

  private String ending() {
    return status > 128 ? "signal " + (status - 128) : "exit status " + status;
  }

  private String memory() {
    return peakMemory.isPresent()
        ? "; its memory had reached %d MiB".formatted(peakMemory.getAsLong() >> 20)
        : "";
  }

  /// A failure under a credential that is known to have ended is that of the credential.
  static Problem explained(Problem failure, Optional<StoreCredentials> credentials) {
    return credentials
        .map(StoreCredentials::state)
        .filter(state -> state.expired() && failure instanceof Problem.StorageFailed)
        .flatMap(CredentialState::problem)
        .<Problem>map(
            expiry ->
                new Problem.StorageFailed(
                    expiry.message() + "; " + failure.message(),
                    expiry.hint(),
                    /* transientFault= */ true))
        .orElse(failure);
  }

  /// By what it said.
  static Problem classified(String message) {
    String said = message.toLowerCase(Locale.ROOT);
    if (POSTGRES.stream().anyMatch(said::contains)) {
      return Problem.postgresFailed(
          message, "Check the section postgres: wal-g connects with the same settings.");
    }
    if (FORBIDDEN.stream().anyMatch(said::contains)) {
      return Problem.storageFailed(
          message, "Check the rights of the credentials, and of the agent's user on this machine.");
    }
    return PASSES.stream().anyMatch(said::contains)
        ? Problem.storageUnavailable(message, "Check that the store can be reached; try again.")
        : Problem.storageFailed(message, "The agent's log holds what wal-g said before.");
  }
}
