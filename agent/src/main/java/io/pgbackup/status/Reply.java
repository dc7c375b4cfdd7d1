package io.pgbackup.status;

import io.pgbackup.problem.Problem;
import java.util.Map;
import java.util.Optional;

/// One answer, before it is sent.
record Reply(int status, String contentType, String body, Map<String, String> headers) {
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";

  /// How JSON tells what went wrong.
  record Failure(ProblemView problem) {}

  static Reply text(int status, String line) {
    return new Reply(status, TEXT, line + "\n", Map.of());
  }

  static Reply json(int status, Object value) {
    return new Reply(status, JSON, StatusJson.write(value), Map.of());
  }

  static Reply failure(Problem problem) {
    return failure(ProblemView.httpStatus(problem), problem);
  }

  static Reply failure(int status, Problem problem) {
    return json(status, new Failure(ProblemView.of(problem)));
  }

  static Reply notFound(String path) {
    return failure(new Problem.NotFound("there is nothing at " + path, Optional.empty()));
  }

  static Reply methodNotAllowed(String allowed) {
    return failure(
            405, Problem.misconfigured("this method is not for this path", "Use " + allowed + "."))
        .with("Allow", allowed);
  }

  Reply with(String header, String value) {
    return new Reply(status, contentType, body, Map.of(header, value));
  }
}
