package io.pgbackup.credentials.r2;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.config.R2Account;
import io.pgbackup.config.R2Account.Jurisdiction;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/// Cloudflare's own API, as far as it is about one bucket of R2. Waits where Cloudflare says that
/// there were too many requests. All failures are [io.pgbackup.problem.PgBackupException]; none of
/// them shows the token. Thread-safe; calls block.
final class CloudflareApi implements AutoCloseable {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final Duration UNSAID = Duration.ofSeconds(5);
  // who asked too often is shut out for five minutes
  private static final Duration PATIENCE = Duration.ofMinutes(6);
  private static final int ATTEMPTS = 5;
  private static final int GREATEST_ANSWER = 8 << 20;
  private static final int LONGEST_WORDS = 200;

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(CONNECT).build();
  private final CloudflareAccess access;
  private final R2Account account;
  private final String bucket;
  private final Pause pause;

  /// How it waits; a test writes down how long.
  @FunctionalInterface
  interface Pause {
    void of(Duration duration) throws InterruptedException;
  }

  CloudflareApi(CloudflareAccess access, R2Account account, String bucket, Pause pause) {
    this.access = access;
    this.account = account;
    this.bucket = bucket;
    this.pause = pause;
  }

  private record Answer(int status, Optional<String> retryAfter, String body) {}

  /// @param what below the bucket: `lock`
  /// @return `result` of the answer
  JsonNode get(String what) {
    return result(send(what, HttpRequest.newBuilder().GET()));
  }

  JsonNode put(String what, JsonNode body) {
    return result(
        send(
            what,
            HttpRequest.newBuilder()
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString(body.toString(), UTF_8))));
  }

  String where() {
    return "bucket '%s' of account %s%s"
        .formatted(
            bucket,
            account.id(),
            account.jurisdiction() == Jurisdiction.DEFAULT
                ? ""
                : " (" + account.jurisdiction().word() + ")");
  }

  private Answer send(String what, HttpRequest.Builder request) {
    request
        .uri(
            URI.create(
                "%s/accounts/%s/r2/buckets/%s/%s"
                    .formatted(access.api(), account.id(), bucket, what)))
        .timeout(ANSWER)
        .header("Authorization", "Bearer " + token(access.tokenFile()));
    if (account.jurisdiction() != Jurisdiction.DEFAULT) {
      request.header("cf-r2-jurisdiction", account.jurisdiction().word());
    }
    Duration left = PATIENCE;
    for (int attempt = 1; ; attempt++) {
      Answer answer = once(request.build());
      Duration wanted = wait(answer);
      // whatever else failed may have been done: only what was not let in is sent again
      if (answer.status() != 429 || attempt == ATTEMPTS || wanted.compareTo(left) > 0) {
        return answer;
      }
      left = left.minus(wanted);
      rest(wanted);
    }
  }

  private static Duration wait(Answer answer) {
    return answer
        .retryAfter()
        .filter(text -> text.matches("[0-9]{1,6}"))
        .map(text -> Duration.ofSeconds(Long.parseLong(text)))
        .orElse(UNSAID);
  }

  private void rest(Duration duration) {
    try {
      pause.of(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted().causedBy(e);
    }
  }

  private static Problem interrupted() {
    return Problem.storageUnavailable("interrupted while asking Cloudflare", "Run it again.");
  }

  private Answer once(HttpRequest request) {
    try {
      HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        return new Answer(
            response.statusCode(),
            response.headers().firstValue("Retry-After"),
            new String(body.readNBytes(GREATEST_ANSWER), UTF_8));
      }
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "no answer from %s: %s"
                  .formatted(
                      access.api(),
                      Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName())),
              "Check the network, then run it again: nothing is done twice.")
          .causedBy(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted().causedBy(e);
    }
  }

  private static String token(Path file) {
    String token = SecretFile.text(file, "file with Cloudflare's API token");
    if (!token.chars().allMatch(letter -> letter > ' ' && letter < 0x7f)) {
      throw Problem.misconfigured(
              "what stands in %s is no API token".formatted(file),
              "Put the token alone into it, on one line.")
          .asException();
    }
    return token;
  }

  private JsonNode result(Answer answer) {
    Optional<JsonNode> body = parse(answer.body());
    boolean done = body.map(it -> it.path("success").asBoolean()).orElse(false);
    if (answer.status() / 100 == 2 && done) {
      return body.orElseThrow().path("result");
    }
    throw problem(answer.status(), body.map(CloudflareApi::errors).orElse("")).asException();
  }

  private static Optional<JsonNode> parse(String body) {
    try {
      return Optional.ofNullable(MAPPER.readTree(body)).filter(JsonNode::isObject);
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }

  private static String errors(JsonNode body) {
    List<JsonNode> errors =
        StreamSupport.stream(body.path("errors").spliterator(), /* parallel= */ false).toList();
    String words =
        errors.stream()
            .map(it -> it.path("code").asText() + " " + it.path("message").asText())
            .collect(Collectors.joining("; "))
            .replaceAll("\\p{Cntrl}", " ")
            .strip();
    return words.substring(0, Math.min(words.length(), LONGEST_WORDS));
  }

  private Problem problem(int status, String words) {
    String message =
        "Cloudflare answers for %s with %d %s".formatted(where(), status, words).strip();
    return switch (status) {
      case 401, 403 ->
          Problem.storageFailed(
              message,
              "The token needs the permission 'Workers R2 Storage' of this account: Edit to write"
                  + " lock rules, Read to look at them.");
      case 404 ->
          Problem.notFound(
              message,
              "Check storage.url, the account's id and the jurisdiction: a bucket that was made in"
                  + " one is found there only.");
      case 429 ->
          Problem.storageUnavailable(
              message, "Too many requests with this token or address: wait five minutes.");
      default ->
          status >= 500
              ? Problem.storageUnavailable(
                  message, "Cloudflare is busy or broken: run it again, nothing is done twice.")
              : Problem.storageFailed(
                  message, "Look at what Cloudflare says; nothing was changed.");
    };
  }

  @Override
  public void close() {
    client.close();
  }
}
