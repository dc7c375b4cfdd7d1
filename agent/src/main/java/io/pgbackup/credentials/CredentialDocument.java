package io.pgbackup.credentials;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.store.StoreFolder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/// One credential in one document, so that whoever swaps the file swaps all of it at once. The
/// broker writes it, the agent and the command line read it.
///
/// Immutable; its text form shows no secret.
///
/// @param issuedAt the broker's clock
/// @param expiration when the store stops accepting it; empty for a key that does not expire
public record CredentialDocument(
    Role role,
    String bucket,
    StoreFolder folder,
    AccessKeys keys,
    Instant issuedAt,
    Optional<Instant> expiration) {
  private static final int VERSION = 1;
  private static final ObjectMapper MAPPER = new JsonMapper();

  /// One line of JSON with a line end.
  public byte[] json() {
    ObjectNode node = MAPPER.createObjectNode();
    node.put("version", VERSION);
    node.put("role", role.word());
    node.put("bucket", bucket);
    node.put("prefix", folder.path());
    node.put("accessKeyId", keys.accessKeyId());
    node.put("secretAccessKey", keys.secretAccessKey());
    keys.sessionToken().ifPresent(token -> node.put("sessionToken", token));
    node.put("issuedAt", issuedAt.toString());
    expiration.ifPresent(end -> node.put("expiration", end.toString()));
    return (node + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /// @throws IllegalArgumentException if it is not such a document; the message names the fault and
  ///   shows no value
  public static CredentialDocument parse(byte[] json) {
    JsonNode node = tree(json);
    JsonNode version = node.path("version");
    if (!version.isInt() || version.intValue() != VERSION) {
      throw new IllegalArgumentException("its version is not " + VERSION);
    }
    return new CredentialDocument(
        role(text(node, "role")),
        text(node, "bucket"),
        StoreFolder.of(text(node, "prefix")),
        new AccessKeys(
            text(node, "accessKeyId"),
            text(node, "secretAccessKey"),
            node.hasNonNull("sessionToken")
                ? Optional.of(text(node, "sessionToken"))
                : Optional.empty()),
        instant(node, "issuedAt"),
        node.hasNonNull("expiration")
            ? Optional.of(instant(node, "expiration"))
            : Optional.empty());
  }

  private static JsonNode tree(byte[] json) {
    try {
      JsonNode node = MAPPER.readTree(new String(json, StandardCharsets.UTF_8));
      if (node == null || !node.isObject()) {
        throw new IllegalArgumentException("it is not a JSON object");
      }
      return node;
    } catch (JsonProcessingException _) {
      // Its message would show the secrets that stand beside the fault.
      throw new IllegalArgumentException("it is not JSON");
    }
  }

  private static Role role(String word) {
    return Arrays.stream(Role.values())
        .filter(role -> role.word().equals(word))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("its role is none of ours"));
  }

  private static String text(JsonNode node, String key) {
    JsonNode value = node.path(key);
    if (!value.isTextual() || value.textValue().isEmpty()) {
      throw new IllegalArgumentException("'" + key + "' is missing");
    }
    return value.textValue();
  }

  private static Instant instant(JsonNode node, String key) {
    try {
      return Instant.parse(text(node, key));
    } catch (DateTimeException _) {
      throw new IllegalArgumentException("'" + key + "' is no instant like 2026-11-21T03:30:03Z");
    }
  }
}
