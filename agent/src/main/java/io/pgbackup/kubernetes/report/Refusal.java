package io.pgbackup.kubernetes.report;

import java.io.IOException;

/// The API server answered, and not well.
final class Refusal extends IOException {
  private static final long serialVersionUID = 1L;

  Refusal(String what, Api.Answer answer) {
    super(
        "cannot %s: the API answered %d%s"
            .formatted(what, answer.status(), words(answer.body().path("message").asText())));
  }

  private static String words(String message) {
    return message.isEmpty() ? "" : ": " + message;
  }
}
