package io.pgbackup.kubernetes.restore;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The Services that lead to a StatefulSet's pods, for its clone: inside the cluster only, since a
/// node's port, an outer address and a name in somebody's DNS belong to the source.
final class CloneServices {
  private static final int LONGEST = 63;
  private static final String HEADLESS = "None";

  /// Kubernetes' own label of each pod of a StatefulSet; by it a Service leads to one of them.
  private static final String POD_NAME = "statefulset.kubernetes.io/pod-name";

  private CloneServices() {}

  /// @param services of the namespace
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if one of others would lead to the
  ///   clone
  static List<Service> of(CloneNames names, List<Service> services) {
    Map<String, String> theirs =
        firstPod(
            names.source().getMetadata().getName(),
            names.source().getSpec().getTemplate().getMetadata().getLabels());
    Map<String, String> ours = ofTheClone(names);
    services.stream()
        .filter(service -> !names.isPartOfIt(service))
        .filter(service -> CloneNames.selects(service.getSpec().getSelector(), ours))
        .findFirst()
        .ifPresent(
            service -> {
              throw leadsToTheClone(service);
            });
    return services.stream()
        .filter(service -> CloneNames.selects(service.getSpec().getSelector(), theirs))
        .map(service -> of(names, service))
        .toList();
  }

  private static Map<String, String> ofTheClone(CloneNames names) {
    return firstPod(names.copy(), names.podLabels());
  }

  /// The labels of the pod that is the primary, and of a clone the only one.
  private static Map<String, String> firstPod(String set, Map<String, String> labels) {
    Map<String, String> all = new TreeMap<>(labels);
    all.put(POD_NAME, set + "-0");
    return all;
  }

  private static PgBackupException leadsToTheClone(Service service) {
    return Problem.refused(
            "the Service %s would send its clients to the clone: it selects by %s"
                .formatted(service.getMetadata().getName(), service.getSpec().getSelector()),
            "Choose another --as; or give the source's pods a label with their StatefulSet's name,"
                + " and that Service's selector too.")
        .asException();
  }

  private static Service of(CloneNames names, Service service) {
    String name = service.getMetadata().getName();
    Map<String, String> selector = service.getSpec().getSelector();
    Map<String, String> labels = ofTheClone(names);
    String ours = names.of(name);
    if (ours.length() > LONGEST) {
      throw Problem.misconfigured(
              "a Service of the clone would be called %s, which is too long".formatted(ours),
              "Choose a shorter --as.")
          .asException();
    }
    return new ServiceBuilder()
        .withNewMetadata()
        .withNamespace(names.source().getMetadata().getNamespace())
        .withName(ours)
        .withLabels(names.labels())
        .withAnnotations(names.annotations())
        .endMetadata()
        .withNewSpec()
        .withType("ClusterIP")
        .withClusterIP(HEADLESS.equals(service.getSpec().getClusterIP()) ? HEADLESS : null)
        .withPublishNotReadyAddresses(service.getSpec().getPublishNotReadyAddresses())
        .withSelector(
            selector.entrySet().stream()
                .collect(
                    Collectors.toMap(
                        Map.Entry::getKey,
                        entry ->
                            Optional.ofNullable(labels.get(entry.getKey()))
                                .orElse(entry.getValue()))))
        .withPorts(
            service.getSpec().getPorts().stream()
                .map(port -> new ServicePortBuilder(port).withNodePort(null).build())
                .toList())
        .endSpec()
        .build();
  }
}
