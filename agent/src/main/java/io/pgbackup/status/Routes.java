package io.pgbackup.status;

import com.sun.net.httpserver.Headers;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.telemetry.Exposition;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// Which path answers what.
final class Routes {
  private static final String RUNS = "/api/v1/backups";

  private final StatusSources sources;
  private final RequestGuard guard;

  Routes(StatusSources sources, RequestGuard guard) {
    this.sources = sources;
    this.guard = guard;
  }

  Reply answer(String method, String path, Headers headers, String body) {
    try {
      if (path.startsWith("/api/")) {
        Optional<Reply> refusal = guard.refusal(method, headers);
        return refusal.orElseGet(() -> api(method, path, body));
      }
      return switch (path) {
        case "/" -> guard.pageRefusal(headers).orElseGet(() -> get(method, this::page));
        case "/healthz" -> get(method, () -> Reply.text(200, "ok"));
        case "/readyz" -> get(method, this::readiness);
        case "/metrics" ->
            get(
                method,
                () -> new Reply(200, Exposition.CONTENT_TYPE, sources.metrics().get(), Map.of()));
        default -> Reply.notFound(path);
      };
    } catch (PgBackupException e) {
      return Reply.failure(e.problem());
    }
  }

  private Reply api(String method, String path, String body) {
    if (path.equals("/api/v1/status")) {
      return get(method, () -> Reply.json(200, sources.status().get()));
    }
    if (path.equals(RUNS)) {
      return switch (method) {
        case "POST" -> requestBackup(read(body));
        case "GET", "HEAD" -> archived();
        default -> Reply.methodNotAllowed("GET, HEAD, POST");
      };
    }
    if (path.startsWith(RUNS + "/")) {
      return get(method, () -> run(path.substring(RUNS.length() + 1)));
    }
    return Reply.notFound(path);
  }

  private Reply archived() {
    return sources
        .archived()
        .get()
        .map(backups -> Reply.json(200, new BackupList(backups)))
        .orElseGet(
            () ->
                Reply.failure(
                    Problem.storageUnavailable(
                        "the archive has not been read yet",
                        "Ask again; GET /api/v1/status says what stands in the way.")));
  }

  private Reply page() {
    Page page = sources.page().get();
    return new Reply(
        200,
        "text/html; charset=utf-8",
        page.html(),
        Map.of("Content-Security-Policy", page.policy(), "Referrer-Policy", "no-referrer"));
  }

  private Reply readiness() {
    return sources
        .unready()
        .get()
        .map(reason -> Reply.text(503, reason))
        .orElseGet(() -> Reply.text(200, "ok"));
  }

  private static BackupRequest read(String body) {
    if (body.isBlank()) {
      return BackupRequest.CONFIGURED;
    }
    try {
      return StatusJson.read(body, BackupRequest.class);
    } catch (IllegalArgumentException e) {
      throw Problem.misconfigured(
              "the body is no request for a base backup: " + e.getMessage(),
              "Send nothing, or JSON with kind (configured, full, delta), permanent and userData.")
          .causedBy(e);
    }
  }

  private Reply requestBackup(BackupRequest request) {
    return switch (sources.backups().request(request)) {
      case BackupRequests.Answer.Started(var run) ->
          Reply.json(202, run).with("Location", RUNS + "/" + run.id());
      case BackupRequests.Answer.AlreadyRunning(var run) ->
          Reply.failure(
                  Problem.refused(
                      "a base backup is under way already, run " + run.id(),
                      "Wait for it: GET " + RUNS + "/" + run.id() + "."))
              .with("Location", RUNS + "/" + run.id());
    };
  }

  private Reply run(String id) {
    return sources
        .backups()
        .find(id)
        .map(run -> Reply.json(200, run))
        .orElseGet(
            () ->
                Reply.failure(
                    Problem.notFound(
                        "this agent knows no run " + id,
                        "It may have restarted since; look at the list of base backups.")));
  }

  private static Reply get(String method, Supplier<Reply> reply) {
    return method.equals("GET") || method.equals("HEAD")
        ? reply.get()
        : Reply.methodNotAllowed("GET, HEAD");
  }
}
