package io.pgbackup.credentials.minio;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.minio.SignedHttp.Answer;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.SdkHttpMethod;

/// The few calls of MinIO's admin API that make a user and end its sessions. All failures are
/// [io.pgbackup.problem.PgBackupException] with `StorageFailed`. Thread-safe.
final class MinioAdmin {
  private static final String API = "/minio/admin/v3/";
  private static final JsonMapper MAPPER = new JsonMapper();

  private final SignedHttp http;
  private final Supplier<AccessKeys> keys;

  /// @param keys of a user that may create users and policies; asked at each call
  MinioAdmin(SignedHttp http, Supplier<AccessKeys> keys) {
    this.http = http;
    this.keys = keys;
  }

  /// Makes the policy or replaces it.
  void putPolicy(String name, AccessPolicy policy) {
    call(
        "make the policy " + name,
        SdkHttpMethod.PUT,
        "add-canned-policy",
        Map.of("name", name),
        policy.json().getBytes(StandardCharsets.UTF_8));
  }

  /// Makes the user or sets its secret; enabled in either case.
  void putUser(String user, String secret) {
    String json =
        MAPPER.createObjectNode().put("secretKey", secret).put("status", "enabled").toString();
    call(
        "make the user " + user,
        SdkHttpMethod.PUT,
        "add-user",
        Map.of("accessKey", user),
        sealed(json));
  }

  /// Safe to repeat.
  void attach(String policy, String user) {
    var json = MAPPER.createObjectNode().put("user", user);
    json.putArray("policies").add(policy);
    Answer answer =
        send(SdkHttpMethod.POST, "idp/builtin/policy/attach", Map.of(), sealed(json.toString()));
    if (!answer.isSuccess() && !code(answer).equals("XMinioAdminPolicyChangeAlreadyApplied")) {
      throw failure("give the user %s its policy".formatted(user), answer);
    }
  }

  /// @return whether the user is enabled; nothing if there is none
  Optional<Boolean> isEnabled(String user) {
    Answer answer = send(SdkHttpMethod.GET, "user-info", Map.of("accessKey", user), new byte[0]);
    if (code(answer).equals("XMinioAdminNoSuchUser")) {
      return Optional.empty();
    }
    if (!answer.isSuccess()) {
      throw failure("look at the user " + user, answer);
    }
    return Optional.of(json(answer).path("status").asText().equals("enabled"));
  }

  /// What the user was given ends with it, and works again when it is enabled again.
  void setEnabled(String user, boolean enabled) {
    call(
        (enabled ? "enable" : "disable") + " the user " + user,
        SdkHttpMethod.PUT,
        "set-user-status",
        Map.of("accessKey", user, "status", enabled ? "enabled" : "disabled"),
        new byte[0]);
  }

  /// What the user was given ends with it, for good.
  void removeUser(String user) {
    call(
        "remove the user " + user,
        SdkHttpMethod.DELETE,
        "remove-user",
        Map.of("accessKey", user),
        new byte[0]);
  }

  /// Ends the sessions of a user at once; a user that there is not has none.
  ///
  /// @param label those that were made with it; empty for all of them
  void revokeSessions(String user, Optional<String> label) {
    Answer answer =
        send(
            SdkHttpMethod.POST,
            "revoke-tokens/builtin",
            label
                .map(it -> Map.of("user", user, "tokenRevokeType", it))
                .orElseGet(() -> Map.of("user", user, "fullRevoke", "true")),
            new byte[0]);
    if (!answer.isSuccess() && !code(answer).equals("XMinioAdminNoSuchUser")) {
      throw failure("end the sessions of " + user, answer);
    }
  }

  private byte[] sealed(String json) {
    return SealedPayload.seal(keys.get().secretAccessKey(), json.getBytes(StandardCharsets.UTF_8));
  }

  private void call(
      String doing, SdkHttpMethod method, String path, Map<String, String> query, byte[] body) {
    Answer answer = send(method, path, query, body);
    if (!answer.isSuccess()) {
      throw failure(doing, answer);
    }
  }

  private Answer send(SdkHttpMethod method, String path, Map<String, String> query, byte[] body) {
    return http.send(
        keys.get(),
        new SignedHttp.Request(
            method,
            API + path,
            query,
            "s3",
            "application/octet-stream",
            SdkBytes.fromByteArray(body)));
  }

  private static PgBackupException failure(String doing, Answer answer) {
    String code = code(answer);
    String message = "MinIO refused to %s: %d %s".formatted(doing, answer.status(), code);
    return (answer.status() >= 500 || answer.status() == 429
            ? Problem.storageUnavailable(message, "Try again; see MinIO's own log.")
            : Problem.storageFailed(
                message.strip(),
                answer.status() == 403
                    ? "The key in broker.accessKeyIdFile needs the rights that docs/credentials.md"
                        + " names."
                    : "docs/credentials.md says which MinIO releases are known to work."))
        .asException();
  }

  /// Only the code: what MinIO says beside it may repeat what it was sent.
  private static String code(Answer answer) {
    return answer.isSuccess() ? "" : json(answer).path("Code").asText("");
  }

  private static JsonNode json(Answer answer) {
    try {
      JsonNode tree = MAPPER.readTree(answer.body().asByteArray());
      return tree == null ? MAPPER.createObjectNode() : tree;
    } catch (JacksonException _) {
      return MAPPER.createObjectNode();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
