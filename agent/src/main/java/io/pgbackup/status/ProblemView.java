package io.pgbackup.status;

import io.pgbackup.problem.Problem;
import java.util.Optional;

/// A [Problem] as JSON has it.
///
/// @param kind `misconfigured`, `refused`, `storage`, `postgres`, `verification`, `timed-out`,
///   `not-found` or `bug`
public record ProblemView(String kind, String message, Optional<String> hint) {
  public static ProblemView of(Problem problem) {
    return new ProblemView(kindOf(problem), problem.message(), problem.hint());
  }

  private static String kindOf(Problem problem) {
    return switch (problem) {
      case Problem.Misconfigured _ -> "misconfigured";
      case Problem.Refused _ -> "refused";
      case Problem.StorageFailed _ -> "storage";
      case Problem.PostgresFailed _ -> "postgres";
      case Problem.VerificationFailed _ -> "verification";
      case Problem.TimedOut _ -> "timed-out";
      case Problem.NotFound _ -> "not-found";
      case Problem.Bug _ -> "bug";
    };
  }

  /// The problem again, for whoever read it over HTTP; a kind of a newer agent's counts as a bug.
  public Problem toProblem() {
    return switch (kind) {
      case "misconfigured" -> new Problem.Misconfigured(message, hint);
      case "refused" -> new Problem.Refused(message, hint);
      case "storage" -> new Problem.StorageFailed(message, hint, false);
      case "postgres" -> new Problem.PostgresFailed(message, hint);
      case "verification" -> new Problem.VerificationFailed(message, hint);
      case "timed-out" -> new Problem.TimedOut(message, hint);
      case "not-found" -> new Problem.NotFound(message, hint);
      default -> new Problem.Bug(message, hint);
    };
  }

  static int httpStatus(Problem problem) {
    return switch (problem) {
      case Problem.Misconfigured _ -> 400;
      case Problem.NotFound _ -> 404;
      case Problem.Refused _ -> 409;
      case Problem.VerificationFailed _, Problem.Bug _ -> 500;
      case Problem.StorageFailed _, Problem.PostgresFailed _ -> 503;
      case Problem.TimedOut _ -> 504;
    };
  }
}
