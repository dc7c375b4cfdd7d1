package io.pgbackup.retention;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.engine.format.BackupName;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;

/// Policies and holds as JSON, one line each. Unknown keys are ignored.
final class RetentionJson {
  private static final ObjectMapper MAPPER = new JsonMapper();

  private RetentionJson() {}

  static byte[] write(RetentionRules rules, String writtenBy, Instant writtenAt) {
    return line(
        JsonNodeFactory.instance
            .objectNode()
            .put("keepFull", rules.keepFull())
            .put("windowSeconds", rules.window().toSeconds())
            .put("keepDaily", rules.keepDaily())
            .put("keepWeekly", rules.keepWeekly())
            .put("keepMonthly", rules.keepMonthly())
            .put("keepYearly", rules.keepYearly())
            .put("timeZone", rules.timeZone().getId())
            .put("writtenBy", writtenBy)
            .put("writtenAt", writtenAt.toString()));
  }

  /// @throws IllegalArgumentException if it is no policy
  static RetentionRules readRules(byte[] json) {
    JsonNode node = parse(json);
    return new RetentionRules(
        number(node, "keepFull"),
        Duration.ofSeconds(seconds(node)),
        number(node, "keepDaily"),
        number(node, "keepWeekly"),
        number(node, "keepMonthly"),
        number(node, "keepYearly"),
        zone(text(node, "timeZone")));
  }

  static byte[] write(Hold hold) {
    ObjectNode node =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", hold.id())
            .put("owner", hold.owner())
            .put("reason", hold.reason());
    switch (hold.held()) {
      case Hold.Held.Backup(BackupName name) -> node.put("backup", name.value());
      case Hold.Held.Since(Instant instant) -> node.put("since", instant.toString());
    }
    node.put("createdAt", hold.createdAt().toString());
    hold.expiresAt().ifPresent(instant -> node.put("expiresAt", instant.toString()));
    return line(node);
  }

  /// @throws IllegalArgumentException if it is no hold
  static Hold readHold(byte[] json) {
    JsonNode node = parse(json);
    boolean ofBackup = node.hasNonNull("backup");
    if (ofBackup == node.hasNonNull("since")) {
      throw new IllegalArgumentException("it has to say either 'backup' or 'since'");
    }
    return new Hold(
        text(node, "id"),
        text(node, "owner"),
        text(node, "reason"),
        ofBackup
            ? new Hold.Held.Backup(new BackupName(text(node, "backup")))
            : new Hold.Held.Since(instant(node, "since")),
        instant(node, "createdAt"),
        node.hasNonNull("expiresAt") ? Optional.of(instant(node, "expiresAt")) : Optional.empty());
  }

  private static byte[] line(JsonNode node) {
    return (node + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode parse(byte[] json) {
    try {
      return MAPPER.readTree(new String(json, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static String text(JsonNode node, String key) {
    JsonNode value = node.path(key);
    if (!value.isTextual()) {
      throw new IllegalArgumentException("'" + key + "' is missing");
    }
    return value.textValue();
  }

  private static int number(JsonNode node, String key) {
    JsonNode value = node.path(key);
    if (!value.isInt()) {
      throw new IllegalArgumentException("'" + key + "' is missing or no number");
    }
    return value.intValue();
  }

  private static long seconds(JsonNode node) {
    JsonNode value = node.path("windowSeconds");
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new IllegalArgumentException("'windowSeconds' is missing or no number");
    }
    return value.longValue();
  }

  private static Instant instant(JsonNode node, String key) {
    try {
      return Instant.parse(text(node, key));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("'" + key + "' is no time", e);
    }
  }

  private static ZoneId zone(String text) {
    try {
      return ZoneId.of(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("'timeZone' is no time zone: '" + text + "'", e);
    }
  }
}
