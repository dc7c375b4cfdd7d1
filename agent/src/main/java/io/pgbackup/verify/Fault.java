package io.pgbackup.verify;

import io.pgbackup.problem.Problem;

/// Something in an archive that is not as it was written.
///
/// @param object its key; for WAL that is missing the segment's name, or the first and the last
/// @param reason lower case, without a full stop
/// @param next what to do, a sentence
public record Fault(String object, String reason, String next) {
  /// Where nothing better is known.
  static final String LOOK =
      "Take a new base backup ('pgbackup backup --full'); where the bucket keeps versions, look for"
          + " the object as it was (--as-of).";

  static Fault of(String object, Problem problem) {
    return new Fault(object, problem.message(), problem.hint().orElse(LOOK));
  }
}
