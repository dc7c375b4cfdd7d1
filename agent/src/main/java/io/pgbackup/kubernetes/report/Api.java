package io.pgbackup.kubernetes.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/// The API server as the agent uses it.
interface Api extends AutoCloseable {
  /// @param status of HTTP
  /// @param body missing where it is no JSON
  record Answer(int status, JsonNode body) {
    boolean isGood() {
      return status / 100 == 2;
    }
  }

  /// @throws IOException if there is no answer, or no token to ask with
  Answer get(String path) throws IOException;

  /// @throws IOException as above
  Answer post(String path, JsonNode object) throws IOException;

  /// @throws IOException as above
  Answer put(String path, JsonNode object) throws IOException;

  /// Merges some fields into an object.
  ///
  /// @throws IOException as above
  Answer patch(String path, JsonNode fields) throws IOException;

  /// Ends a request under way.
  @Override
  default void close() {}
}
