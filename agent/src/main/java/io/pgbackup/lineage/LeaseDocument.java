package io.pgbackup.lineage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Instant;

/// What a lease's object says.
///
/// @param token tells one holder from another of the same name
/// @param expiresAt by the holder's clock; from then on anybody may take it
record LeaseDocument(String holder, String token, Instant expiresAt) {
  byte[] toJson() {
    return LineageJson.line(
        JsonNodeFactory.instance
            .objectNode()
            .put("holder", holder)
            .put("token", token)
            .put("expiresAt", expiresAt.toString()));
  }

  /// @throws IllegalArgumentException if it is no lease
  static LeaseDocument parse(byte[] json) {
    JsonNode node = LineageJson.parse(json);
    return new LeaseDocument(
        LineageJson.text(node, "holder"),
        LineageJson.text(node, "token"),
        LineageJson.instant(node, "expiresAt"));
  }

  LeaseDocument until(Instant instant) {
    return new LeaseDocument(holder, token, instant);
  }
}
