package io.pgbackup.lineage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegmentSize;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/// The documents of this package as JSON: identity, claim. Unknown keys are ignored. System
/// identifiers are texts, because many readers of JSON lose digits of a number above 2^53.
final class LineageJson {
  private static final ObjectMapper MAPPER = new JsonMapper();

  private LineageJson() {}

  static byte[] write(Identity identity) {
    ObjectNode node = owner(identity.cluster(), identity.uid(), identity.systemIdentifier());
    addParent(node, identity.parent());
    return line(node);
  }

  static byte[] write(Claim claim) {
    ObjectNode node = owner(claim.cluster(), claim.uid(), claim.systemIdentifier());
    node.put("pgVersion", claim.serverVersion().number());
    node.put("segmentSize", claim.segmentSize().bytes());
    addParent(node, claim.parent());
    node.put("claimedAt", claim.claimedAt().toString());
    return line(node);
  }

  /// @throws IllegalArgumentException if it is not such a document
  static Identity readIdentity(byte[] json) {
    JsonNode node = parse(json);
    return new Identity(
        cluster(node),
        new LineageUid(text(node, "uid")),
        SystemIdentifier.parse(text(node, "systemIdentifier")),
        parent(node));
  }

  /// @throws IllegalArgumentException if it is not such a document
  static Claim readClaim(byte[] json) {
    JsonNode node = parse(json);
    return new Claim(
        cluster(node),
        new LineageUid(text(node, "uid")),
        SystemIdentifier.parse(text(node, "systemIdentifier")),
        new ServerVersion(Integer.parseInt(text(node, "pgVersion"))),
        new WalSegmentSize(Integer.parseInt(text(node, "segmentSize"))),
        parent(node),
        instant(node, "claimedAt"));
  }

  private static ObjectNode owner(ClusterId cluster, LineageUid uid, SystemIdentifier system) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("cluster", cluster.name())
        .put("namespace", cluster.namespace())
        .put("uid", uid.value())
        .put("systemIdentifier", system.toString());
  }

  private static void addParent(ObjectNode node, Optional<Parent> parent) {
    parent.ifPresent(
        p ->
            node.putObject("parent")
                .put("uid", p.uid().value())
                .put("timeline", p.timeline().id())
                .put("branchPoint", p.branchPoint().toString()));
  }

  private static Optional<Parent> parent(JsonNode node) {
    JsonNode parent = node.path("parent");
    return parent.isMissingNode() || parent.isNull()
        ? Optional.empty()
        : Optional.of(
            new Parent(
                new LineageUid(text(parent, "uid")),
                new Timeline(Long.parseLong(text(parent, "timeline"))),
                Lsn.parse(text(parent, "branchPoint"))));
  }

  private static ClusterId cluster(JsonNode node) {
    return new ClusterId(text(node, "namespace"), text(node, "cluster"));
  }

  static byte[] line(JsonNode node) {
    return (node + "\n").getBytes(StandardCharsets.UTF_8);
  }

  static JsonNode parse(byte[] json) {
    try {
      return MAPPER.readTree(new String(json, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
    }
  }

  static String text(JsonNode node, String key) {
    JsonNode value = node.path(key);
    if (!value.isValueNode() || value.isNull()) {
      throw new IllegalArgumentException("'" + key + "' is missing");
    }
    return value.asText();
  }

  static Instant instant(JsonNode node, String key) {
    String text = text(node, key);
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("'" + key + "' is not a time: '" + text + "'", e);
    }
  }
}
