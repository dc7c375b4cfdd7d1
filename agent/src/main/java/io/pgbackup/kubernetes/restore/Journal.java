package io.pgbackup.kubernetes.restore;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a restore of a StatefulSet is and how far it has come: the content of a ConfigMap. The
/// truth about the data stands in the volume; this one is about the objects of Kubernetes.
///
/// @param id in the names of its pods
/// @param words the target as the command line says it; empty for an undo
/// @param roles whose passwords come from Secrets, as the command line says them
/// @param replicas that the StatefulSet had
/// @param secret the name of the superuser's Secret that it made anew, or was about to; or empty
/// @param standbys the uids of the volume claims that make way for new standbys, once that is known
record Journal(
    String id,
    Verb verb,
    List<String> words,
    List<String> roles,
    int replicas,
    Optional<String> secret,
    List<String> standbys,
    Step step,
    Instant startedAt) {
  enum Verb {
    RESTORE,
    UNDO
  }

  Journal {
    words = List.copyOf(words);
    roles = List.copyOf(roles);
    standbys = List.copyOf(standbys);
  }

  static Journal begun(String id, Verb verb, RestoreOrder order, int replicas, Instant now) {
    return new Journal(
        id,
        verb,
        order.target(),
        order.roles().stream().map(RoleSecret::toString).toList(),
        replicas,
        Optional.empty(),
        List.of(),
        verb == Verb.RESTORE ? Step.FETCH : Step.STOP,
        now);
  }

  Journal at(Step now) {
    return new Journal(id, verb, words, roles, replicas, secret, standbys, now, startedAt);
  }

  Journal withReplicas(int number) {
    return new Journal(id, verb, words, roles, number, secret, standbys, step, startedAt);
  }

  Journal withSecret(Optional<String> name) {
    return new Journal(id, verb, words, roles, replicas, name, standbys, step, startedAt);
  }

  Journal withStandbys(List<String> uids) {
    return new Journal(id, verb, words, roles, replicas, secret, uids, step, startedAt);
  }

  /// What it was asked to do.
  RestoreOrder order() {
    return new RestoreOrder(words, roles.stream().map(RoleSecret::parse).toList());
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
    if (!roles.isEmpty()) {
      data.put("roles", String.join("\n", roles));
    }
    data.put("replicas", Integer.toString(replicas));
    secret.ifPresent(name -> data.put("secret", name));
    data.put("standbys", String.join("\n", standbys));
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
          data.getOrDefault("roles", "").lines().toList(),
          Integer.parseInt(text(data, "replicas")),
          Optional.ofNullable(data.get("secret")),
          data.getOrDefault("standbys", "").lines().toList(),
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
