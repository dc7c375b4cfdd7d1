package io.pgbackup.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// docs/openapi.yaml, and whether an answer is as it says: every field is described, none that is
/// required is missing, each has its type. It knows what that file uses, and nothing more.
public final class OpenApi {
  private static final Path FILE = Path.of("..", "docs", "openapi.yaml");

  private final JsonNode document;
  private final Set<String> seen = new TreeSet<>();

  public OpenApi() {
    try {
      document = new YAMLMapper().readTree(FILE.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public JsonNode document() {
    return document;
  }

  /// Fields that any answer so far has had, as `Schema.field`.
  public Set<String> seen() {
    return seen;
  }

  /// What is wrong with this answer; empty for nothing.
  ///
  /// @param path as the document has it, with `{id}`
  public List<String> faults(String method, String path, int status, String body) {
    JsonNode response =
        resolved(
            document
                .path("paths")
                .path(path)
                .path(method.toLowerCase(Locale.ROOT))
                .path("responses")
                .path(Integer.toString(status)));
    if (response.isMissingNode()) {
      return List.of("%s %s does not say that it may answer %d".formatted(method, path, status));
    }
    List<String> faults = new ArrayList<>();
    try {
      JsonNode schema = response.path("content").path("application/json").path("schema");
      check(new JsonMapper().readTree(body), schema, "", faults);
    } catch (JsonProcessingException e) {
      faults.add("no JSON: " + e.getOriginalMessage());
    }
    return faults;
  }

  private JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? document.at(node.get("$ref").asText().substring(1)) : node;
  }

  private void check(JsonNode value, JsonNode schema, String at, List<String> faults) {
    if (schema.has("$ref")) {
      String reference = schema.get("$ref").asText();
      String name = reference.substring(reference.lastIndexOf('/') + 1);
      checkObject(value, resolved(schema), name, faults);
      return;
    }
    String type = schema.path("type").asText();
    boolean fits =
        switch (type) {
          case "string" -> value.isTextual() && isOneOf(value, schema) && isTime(value, schema);
          case "integer" -> value.isIntegralNumber();
          case "number" -> value.isNumber();
          case "boolean" -> value.isBoolean();
          case "array" -> value.isArray();
          case "object" -> value.isObject();
          default -> false;
        };
    if (!fits) {
      faults.add("%s: %s is no %s".formatted(at, value, schema));
    }
    if (type.equals("array")) {
      value.forEach(item -> check(item, schema.path("items"), at, faults));
    }
    if (type.equals("object")) {
      value.forEach(item -> check(item, schema.path("additionalProperties"), at, faults));
    }
  }

  private void checkObject(JsonNode value, JsonNode schema, String name, List<String> faults) {
    for (JsonNode required : schema.path("required")) {
      if (!value.has(required.asText())) {
        faults.add("%s lacks %s".formatted(name, required.asText()));
      }
    }
    for (Map.Entry<String, JsonNode> field : value.properties()) {
      String at = name + "." + field.getKey();
      seen.add(at);
      JsonNode property = schema.path("properties").path(field.getKey());
      if (property.isMissingNode()) {
        faults.add(at + " is not described");
      } else {
        check(field.getValue(), property, at, faults);
      }
    }
  }

  private static boolean isOneOf(JsonNode value, JsonNode schema) {
    if (!schema.has("enum")) {
      return true;
    }
    for (JsonNode choice : schema.get("enum")) {
      if (choice.equals(value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isTime(JsonNode value, JsonNode schema) {
    if (!schema.path("format").asText().equals("date-time")) {
      return true;
    }
    try {
      Instant.parse(value.asText());
      return true;
    } catch (DateTimeParseException _) {
      return false;
    }
  }
}
