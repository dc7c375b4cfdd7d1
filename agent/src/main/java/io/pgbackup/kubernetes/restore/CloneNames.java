package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What the objects of a clone are called and labelled.
///
/// @param source the StatefulSet that is cloned
/// @param copy the new one's name
record CloneNames(StatefulSet source, String copy) {
  static final String CLONE_OF = "pgbackup.io/clone-of";
  static final String CLONE_WORDS = "pgbackup.io/clone";
  static final String MANAGED_BY = "app.kubernetes.io/managed-by";
  private static final String INSTANCE = "app.kubernetes.io/instance";

  /// Of whoever keeps the source as it is written elsewhere, and of nobody's clone.
  private static final List<String> KEEPERS =
      List.of(
          MANAGED_BY,
          "helm.sh/",
          "meta.helm.sh/",
          "argocd.argoproj.io/",
          "kustomize.toolkit.fluxcd.io/",
          "helm.toolkit.fluxcd.io/",
          "kubectl.kubernetes.io/last-applied-configuration",
          "kubectl.kubernetes.io/restartedAt");

  private String sourceName() {
    return source.getMetadata().getName();
  }

  /// `orders-pods` of `orders` becomes `copy-pods` of `copy`.
  String of(String name) {
    if (name.equals(sourceName())) {
      return copy;
    }
    return name.startsWith(sourceName() + "-")
        ? copy + name.substring(sourceName().length())
        : copy + "-" + name;
  }

  static Map<String, String> withoutKeepers(Map<String, String> entries) {
    Map<String, String> left = new TreeMap<>(Optional.ofNullable(entries).orElse(Map.of()));
    left.keySet().removeIf(key -> KEEPERS.stream().anyMatch(key::startsWith));
    return left;
  }

  /// The labels by which the source's pods are known, with the clone's values.
  ///
  /// @throws PgBackupException `Refused` if it knows them otherwise
  Map<String, String> selector() {
    LabelSelector selector = source.getSpec().getSelector();
    if (!selector.getMatchExpressions().isEmpty()) {
      throw Problem.refused(
              "the StatefulSet %s selects its pods by expressions".formatted(sourceName()),
              "Clone it by the chart, with 'bootstrap' in its values.")
          .asException();
    }
    Map<String, String> ours = renamed(selector.getMatchLabels());
    if (ours.equals(selector.getMatchLabels())) {
      ours.replaceAll((_, _) -> copy);
    }
    if (selects(selector.getMatchLabels(), ours)) {
      throw Problem.refused(
              "the StatefulSet %s selects pods by %s, as its clone would"
                  .formatted(sourceName(), selector.getMatchLabels()),
              "Choose another --as.")
          .asException();
    }
    return Collections.unmodifiableMap(ours);
  }

  /// Of the clone's pods.
  Map<String, String> podLabels() {
    Map<String, String> labels =
        renamed(withoutKeepers(source.getSpec().getTemplate().getMetadata().getLabels()));
    labels.putAll(selector());
    return Collections.unmodifiableMap(labels);
  }

  /// Of everything else that is made.
  Map<String, String> labels() {
    Map<String, String> labels = renamed(withoutKeepers(source.getMetadata().getLabels()));
    labels.put(MANAGED_BY, "pgbackup");
    return labels;
  }

  Map<String, String> annotations() {
    return Map.of(CLONE_OF, sourceName());
  }

  /// Whether it was made for a clone of this name.
  boolean isPartOfIt(HasMetadata object) {
    return Optional.ofNullable(object.getMetadata().getAnnotations()).stream()
            .anyMatch(all -> sourceName().equals(all.get(CLONE_OF)))
        && object.getMetadata().getName().startsWith(copy);
  }

  private Map<String, String> renamed(Map<String, String> labels) {
    Map<String, String> renamed = new TreeMap<>(labels);
    renamed.replaceAll(
        (key, value) -> key.equals(INSTANCE) || value.equals(sourceName()) ? copy : value);
    return renamed;
  }

  /// Whether something selects pods that are labelled so.
  static boolean selects(Map<String, String> selector, Map<String, String> labels) {
    return selector != null
        && !selector.isEmpty()
        && labels.entrySet().containsAll(selector.entrySet());
  }
}
