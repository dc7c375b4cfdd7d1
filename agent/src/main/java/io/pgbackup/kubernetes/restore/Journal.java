package io.pgbackup.kubernetes.restore;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a restore of a StatefulSet is and how far it has come: the content of a ConfigMap. The
/// truth about the data stands in the volume; this one is about the objects of Kubernetes.
///
/// @param id in the names of its pods
/// @param words the target as the command line says it; empty for an undo
/// @param replicas that the StatefulSet had
record Journal(
    String id, Verb verb, List<String> words, int replicas, Step step, Instant startedAt) {
  enum Verb {
    RESTORE,
    UNDO
  }

  Journal {
    words = List.copyOf(words);
  }

  Journal at(Step now) {
    return new Journal(id, verb, words, replicas, now, startedAt);
  }

  Journal withReplicas(int number) {
    return new Journal(id, verb, words, number, step, startedAt);
  }

  boolean isUnfinished() {
    return step != Step.DONE;
  }

  /// Whether the server may have been stopped for it.
  boolean hasTouchedTheServer() {
    return step.compareTo(Step.STOP) >= 0;
  }

  Map<String, String> data() {
    Map<String, String> data = new LinkedHashMap<>();
    data.put("id", id);
    data.put("verb", verb.name());
    data.put("words", String.join("\n", words));
    data.put("replicas", Integer.toString(replicas));
    data.put("step", step.name());
    data.put("startedAt", startedAt.toString());
    return Collections.unmodifiableMap(data);
  }

  /// @throws IllegalArgumentException if these are no data of a journal
  static Journal of(Map<String, String> data) {
    try {
      return new Journal(
          text(data, "id"),
          Verb.valueOf(text(data, "verb")),
          text(data, "words").lines().toList(),
          Integer.parseInt(text(data, "replicas")),
          Step.valueOf(text(data, "step")),
          Instant.parse(text(data, "startedAt")));
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static String text(Map<String, String> data, String key) {
    String value = data.get(key);
    if (value == null) {
      throw new IllegalArgumentException("it has no '" + key + "'");
    }
    return value;
  }
}
