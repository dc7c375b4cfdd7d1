package io.pgbackup.kubernetes.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Objects by their paths, with resource versions as the API server has them.
final class MemoryApi implements Api {
  final Map<String, ObjectNode> objects = new LinkedHashMap<>();

  /// `POST configmaps` and the like.
  final List<String> asked = new ArrayList<>();

  final Set<String> forbidden = new HashSet<>();

  /// What is answered to what is forbidden.
  int refusal = 403;

  boolean down;
  private int version;

  private boolean refuses(String verb, String path) throws IOException {
    String resource = path.contains("/events") ? "events" : "configmaps";
    asked.add(verb + " " + resource);
    if (down) {
      throw new IOException("no route to host");
    }
    return forbidden.contains(verb + " " + resource);
  }

  private static Answer answer(int status) {
    return new Answer(
        status, JsonNodeFactory.instance.objectNode().put("message", "answered " + status));
  }

  private Answer stored(String path, ObjectNode object) {
    version++;
    object.withObjectProperty("metadata").put("resourceVersion", Integer.toString(version));
    objects.put(path, object);
    return new Answer(200, object.deepCopy());
  }

  @Override
  public Answer get(String path) throws IOException {
    if (refuses("GET", path)) {
      return answer(refusal);
    }
    return objects.containsKey(path) ? new Answer(200, objects.get(path).deepCopy()) : answer(404);
  }

  @Override
  public Answer post(String path, JsonNode object) throws IOException {
    if (refuses("POST", path)) {
      return answer(refusal);
    }
    String whole = path + "/" + object.path("metadata").path("name").asText();
    return objects.containsKey(whole) ? answer(409) : stored(whole, object.deepCopy());
  }

  @Override
  public Answer put(String path, JsonNode object) throws IOException {
    if (refuses("PUT", path)) {
      return answer(refusal);
    }
    if (!objects.containsKey(path)) {
      return answer(404);
    }
    return version(objects.get(path)).equals(version(object))
        ? stored(path, object.deepCopy())
        : answer(409);
  }

  private static JsonNode version(JsonNode object) {
    return object.path("metadata").path("resourceVersion");
  }

  @Override
  public Answer patch(String path, JsonNode fields) throws IOException {
    if (refuses("PATCH", path)) {
      return answer(refusal);
    }
    if (!objects.containsKey(path)) {
      return answer(404);
    }
    ObjectNode merged = objects.get(path).deepCopy();
    fields.properties().forEach(field -> merged.set(field.getKey(), field.getValue()));
    return stored(path, merged);
  }

  ObjectNode object(String path) {
    return Optional.ofNullable(objects.get(path)).orElseThrow();
  }

  /// The content of the only ConfigMap.
  Map<String, String> record() {
    Map<String, String> data = new HashMap<>();
    objects.forEach(
        (path, object) -> {
          if (path.contains("/configmaps/")) {
            object
                .path("data")
                .properties()
                .forEach(entry -> data.put(entry.getKey(), entry.getValue().asText()));
          }
        });
    return data;
  }

  List<JsonNode> events() {
    return objects.entrySet().stream()
        .filter(entry -> entry.getKey().contains("/events/"))
        .<JsonNode>map(Map.Entry::getValue)
        .toList();
  }

  /// `Warning ArchivingFailed`, in the order of their coming.
  List<String> reasons() {
    return events().stream()
        .map(event -> event.path("type").asText() + " " + event.path("reason").asText())
        .toList();
  }
}
