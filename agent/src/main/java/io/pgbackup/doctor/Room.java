package io.pgbackup.doctor;

import io.pgbackup.problem.Problem;
import io.pgbackup.wording.Sizes;

/// Whether a disk has room left.
final class Room {
  private static final long GIB = 1L << 30;
  private static final String REMEDY =
      "Make room: PostgreSQL stops when the disk of its WAL is full, and backups with theirs.";

  private Room() {}

  /// @param what begins the sentence
  /// @param usable bytes
  /// @param total bytes
  static Outcome judge(String what, long usable, long total) {
    double share = total == 0 ? 0 : (double) usable / total;
    String found =
        "%s has %s free of %s (%.0f %%)"
            .formatted(what, Sizes.human(usable), Sizes.human(total), share * 100);
    if (usable < GIB / 4) {
      return Outcome.fail(Problem.refused(found, REMEDY));
    }
    return usable < GIB || share < 0.05 ? Outcome.warn(found, REMEDY) : Outcome.pass(found);
  }
}
