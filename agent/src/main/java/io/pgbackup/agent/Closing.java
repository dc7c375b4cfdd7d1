package io.pgbackup.agent;

import java.util.ArrayDeque;
import java.util.Deque;

/// What was opened, to be closed in reverse. One that fails does not keep the others open.
///
/// Thread-safe; closes once.
final class Closing {
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  synchronized <T extends AutoCloseable> T add(T resource) {
    opened.push(resource);
    return resource;
  }

  /// @throws IllegalStateException with every failure
  synchronized void close() {
    IllegalStateException failures = new IllegalStateException("not everything closed cleanly");
    close(failures);
    if (failures.getSuppressed().length > 0) {
      throw failures;
    }
  }

  /// @param reason told of what fails too
  synchronized void close(Throwable reason) {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        reason.addSuppressed(e);
      }
    }
  }
}
