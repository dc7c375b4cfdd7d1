package io.pgbackup.kubernetes.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The ConfigMap that holds a cluster's record. Whatever else stands in its metadata stays.
///
/// Belongs to one thread.
final class RecordMap {
  private static final int UNCHANGED = 200;
  private static final int CONFLICT = 409;
  private static final int NOT_FOUND = 404;
  private static final int TRIES = 3;

  private final Api api;
  private final String namespace;
  private final String name;

  /// As it was when it was last read or written.
  private @Nullable JsonNode known;

  RecordMap(Api api, String namespace, String name) {
    this.api = api;
    this.namespace = namespace;
    this.name = name;
  }

  /// Makes it where it is missing. Lineages that stand in it are kept.
  ///
  /// @param takesOver otherwise what the agent of another pod wrote stays as it is
  /// @throws IOException if there is no answer, or it is not ours, or another cluster's; or a
  ///   [Refusal]
  void write(ClusterRecord record, boolean takesOver) throws IOException {
    Api.Answer answer = writeOnce(record, takesOver);
    for (int tries = 1; !answer.isGood() && tries < TRIES && isStale(answer); tries++) {
      // somebody else made, changed or removed it
      known = null;
      answer = writeOnce(record, takesOver);
    }
    if (!answer.isGood()) {
      known = null;
      throw new Refusal("write the ConfigMap %s/%s".formatted(namespace, name), answer);
    }
    known = answer.body();
  }

  private static boolean isStale(Api.Answer answer) {
    return answer.status() == CONFLICT || answer.status() == NOT_FOUND;
  }

  private Api.Answer writeOnce(ClusterRecord record, boolean takesOver) throws IOException {
    Optional<JsonNode> before = known == null ? read() : Optional.of(known);
    if (before.isEmpty()) {
      return api.post(folder(), with(JsonNodeFactory.instance.objectNode(), record.data()));
    }
    Earlier earlier = Earlier.in(dataOf(before.get()));
    refuseAnothers(earlier, record);
    if (earlier.isOfAnotherPod(record) && !takesOver) {
      return new Api.Answer(UNCHANGED, before.get());
    }
    return api.put(path(), with(before.get().deepCopy(), earlier.followedBy(record)));
  }

  private void refuseAnothers(Earlier earlier, ClusterRecord record) throws IOException {
    String cluster = earlier.cluster().orElse(record.cluster());
    if (!cluster.equals(record.cluster())) {
      known = null;
      throw new IOException(
          "the ConfigMap %s/%s is the record of %s, and this is %s: say another name in"
                  .formatted(namespace, name, cluster, record.cluster())
              + " kubernetes.configMap, or delete it where that cluster is no more");
    }
  }

  private Optional<JsonNode> read() throws IOException {
    Api.Answer answer = api.get(path());
    if (answer.status() == NOT_FOUND) {
      return Optional.empty();
    }
    if (!answer.isGood()) {
      throw new Refusal("read the ConfigMap %s/%s".formatted(namespace, name), answer);
    }
    if (!isOurs(answer.body())) {
      throw new IOException(
          "the ConfigMap %s/%s is not ours: it has content and no label %s=%s"
              .formatted(namespace, name, ClusterRecord.LABEL, ClusterRecord.LABEL_VALUE));
    }
    return Optional.of(answer.body());
  }

  private static boolean isOurs(JsonNode map) {
    String label = map.path("metadata").path("labels").path(ClusterRecord.LABEL).asText();
    return ClusterRecord.LABEL_VALUE.equals(label) || map.path("data").isEmpty();
  }

  private static Map<String, String> dataOf(JsonNode map) {
    Map<String, String> data = new TreeMap<>();
    map.path("data")
        .properties()
        .forEach(entry -> data.put(entry.getKey(), entry.getValue().asText()));
    return data;
  }

  private ObjectNode with(ObjectNode map, Map<String, String> record) {
    map.put("apiVersion", "v1").put("kind", "ConfigMap");
    ObjectNode metadata = map.withObjectProperty("metadata");
    metadata.put("namespace", namespace).put("name", name);
    metadata
        .withObjectProperty("labels")
        .put(ClusterRecord.MANAGED_BY, ClusterRecord.PGBACKUP)
        .put(ClusterRecord.LABEL, ClusterRecord.LABEL_VALUE);
    ObjectNode data = map.putObject("data");
    record.forEach(data::put);
    return map;
  }

  private String folder() {
    return "/api/v1/namespaces/%s/configmaps".formatted(namespace);
  }

  private String path() {
    return folder() + "/" + name;
  }
}
