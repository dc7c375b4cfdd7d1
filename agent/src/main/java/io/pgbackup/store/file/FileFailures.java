package io.pgbackup.store.file;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.Optional;

/// The border between the file system's exceptions and problems.
final class FileFailures {
  private FileFailures() {}

  /// @param doing for instance "write orders/claim.json"
  static PgBackupException of(String doing, IOException cause) {
    String message = "cannot " + doing + ": " + reason(cause);
    if (cause instanceof AccessDeniedException) {
      return Problem.storageFailed(
              message, "Give the user that runs pgbackup access to the store's directory.")
          .causedBy(cause);
    }
    return Problem.storageUnavailable(
            message, "Check that the file system is mounted, writable and has free space.")
        .causedBy(cause);
  }

  private static String reason(IOException cause) {
    return switch (cause) {
      case AccessDeniedException denied -> "permission denied for " + denied.getFile();
      case FileSystemException failure ->
          Optional.ofNullable(failure.getReason()).orElse(failure.getClass().getSimpleName())
              + " at "
              + failure.getFile();
      default -> Optional.ofNullable(cause.getMessage()).orElse(cause.toString());
    };
  }
}
