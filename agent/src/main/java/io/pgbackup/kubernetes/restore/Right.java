package io.pgbackup.kubernetes.restore;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.pgbackup.problem.Problem;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One thing that a person must be allowed in the StatefulSet's namespace.
///
/// @param group empty for the core API
/// @param resource in the plural, with its subresource: `pods/log`
/// @param why for the person who grants it
record Right(String group, String resource, String verb, String why) {
  private static final String CORE = "";
  private static final String APPS = "apps";
  private static final String COORDINATION = "coordination.k8s.io";

  /// All that restore and undo of a StatefulSet need.
  static final List<Right> RESTORE =
      List.of(
          new Right(APPS, "statefulsets", "get", "read its pod's template"),
          new Right(APPS, "statefulsets", "patch", "scale it to 0 and back"),
          new Right(CORE, "persistentvolumeclaims", "get", "see how the volume may be mounted"),
          new Right(CORE, "pods", "get", "follow the restore's own pods"),
          new Right(CORE, "pods", "list", "see which pods use the volume"),
          new Right(CORE, "pods", "create", "make the pods that restore"),
          new Right(CORE, "pods", "delete", "remove them"),
          new Right(CORE, "pods/log", "get", "show their progress"),
          new Right(CORE, "configmaps", "get", "read the restore's journal"),
          new Right(CORE, "configmaps", "create", "write it"),
          new Right(CORE, "configmaps", "update", "write it"),
          new Right(COORDINATION, "leases", "get", "see whether somebody else restores"),
          new Right(COORDINATION, "leases", "create", "keep others from it"),
          new Right(COORDINATION, "leases", "update", "keep others from it"));

  /// What they need beyond that where the StatefulSet has replicas.
  static final List<Right> STANDBYS =
      List.of(new Right(CORE, "persistentvolumeclaims", "delete", "make the standbys anew"));

  /// What they need to make the superuser's Secret anew; without it one that exists is enough.
  static final List<Right> SECRET =
      List.of(
          new Right(CORE, "secrets", "create", "make the superuser's anew where it is missing"));

  /// All that the clone of a StatefulSet needs: nothing that exists is changed by it.
  static final List<Right> CLONE =
      List.of(
          new Right(APPS, "statefulsets", "get", "read its pod's template"),
          new Right(APPS, "statefulsets", "create", "make the clone"),
          new Right(CORE, "services", "list", "see which ones lead to its pods"),
          new Right(CORE, "services", "create", "make the clone's"),
          new Right(CORE, "configmaps", "get", "read the agent's configuration"),
          new Right(CORE, "configmaps", "create", "write the clone's"),
          new Right(CORE, "serviceaccounts", "get", "see how its pods pull their images"),
          new Right(CORE, "serviceaccounts", "create", "make the clone's"),
          new Right(CORE, "persistentvolumeclaims", "get", "see that the clone's volume is new"),
          new Right(CORE, "pods", "get", "follow the clone's pod"),
          new Right(CORE, "pods", "create", "make the pod that looks into the archive"),
          new Right(CORE, "pods", "delete", "remove it"),
          new Right(CORE, "pods/log", "get", "show their progress"));

  /// A Role with all of them, as YAML.
  static String role(String name, String namespace, List<Right> rights) {
    Map<String, Map<String, List<String>>> rules =
        rights.stream()
            .collect(
                groupingBy(
                    Right::group,
                    LinkedHashMap::new,
                    groupingBy(
                        Right::resource, LinkedHashMap::new, mapping(Right::verb, toList()))));
    return """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: %s
          namespace: %s
        rules:
        %s"""
        .formatted(
            name,
            namespace,
            rules.entrySet().stream()
                .flatMap(
                    group ->
                        group.getValue().entrySet().stream()
                            .map(
                                resource ->
                                    "  - apiGroups: [\"%s\"]\n    resources: [%s]\n    verbs: [%s]\n"
                                        .formatted(
                                            group.getKey(),
                                            resource.getKey(),
                                            String.join(", ", resource.getValue()))))
                .collect(joining()));
  }

  /// Refuses before anything is done.
  ///
  /// @param missing of those that are needed
  /// @param what needs them
  static void refuse(List<Right> missing, String what, String namespace) {
    if (missing.isEmpty()) {
      return;
    }
    throw Problem.refused(
            "this user may not do in namespace %s what a %s needs: %s"
                .formatted(
                    namespace,
                    what,
                    missing.stream()
                        .map(right -> "%s (to %s)".formatted(right, right.why()))
                        .collect(joining(", "))),
            "'pgbackup k8s rbac --namespace %s' prints a Role with all of it.".formatted(namespace))
        .asException();
  }

  @Override
  public String toString() {
    return verb + " " + (group.isEmpty() ? resource : resource + "." + group);
  }
}
