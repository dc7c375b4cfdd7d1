package io.pgbackup.engine.embedded;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;

/// An object that was there and could not be read.
final class SourceFailure {
  private SourceFailure() {}

  static Problem vanished(ObjectKey key) {
    return Problem.storageFailed(
        key + " was listed and is gone",
        "Something deletes what is still asked for; look at retention and lifecycle rules.");
  }
}
