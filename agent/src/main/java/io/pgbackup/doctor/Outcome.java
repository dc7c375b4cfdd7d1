package io.pgbackup.doctor;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.probe.Answer;

/// How a check went. Texts are in the form of a [Problem]'s: what was found without a full stop,
/// the remedy a sentence.
public sealed interface Outcome {
  String found();

  record Pass(String found) implements Outcome {}

  /// It works today; something would make it safer, or may hurt later.
  record Warn(String found, String remedy) implements Outcome {}

  /// It does not work, or is not safe.
  ///
  /// @param problem its kind is the exit status
  record Fail(Problem problem) implements Outcome {
    @Override
    public String found() {
      return problem.message();
    }
  }

  /// Not tried, and why.
  ///
  /// @param implied whether an outcome before it says so already
  record Skip(String found, boolean implied) implements Outcome {}

  static Outcome pass(String found) {
    return new Pass(found);
  }

  static Outcome warn(String found, String remedy) {
    return new Warn(found, remedy);
  }

  static Outcome fail(Problem problem) {
    return new Fail(problem);
  }

  /// Neither allowed nor refused.
  ///
  /// @param what was attempted, to follow "an attempt to"
  static Outcome unexpected(String what, Answer<?> answer) {
    return fail(
        Problem.storageFailed(
            "an attempt to %s is answered by %s %s"
                .formatted(what, answer.words(), answer.message())
                .strip(),
            "See what the store says of it in its log."));
  }

  static Outcome skip(String reason) {
    return new Skip(reason, /* implied= */ false);
  }

  static Outcome behind(String gate) {
    return new Skip("not tried, because '" + gate + "' did not pass", /* implied= */ true);
  }
}
