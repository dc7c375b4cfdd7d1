package io.pgbackup.cli.command;

import io.pgbackup.kubernetes.ClusterRecords;
import io.pgbackup.kubernetes.Kubernetes;
import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/// Where on Kubernetes agents keep their records, for a verb that shows those instead of a store.
final class RecordOptions {
  /// One or the other.
  private static final class Where {
    @Option(
        names = {"-n", "--namespace"},
        paramLabel = "NAME",
        description = "On Kubernetes: what the agents of this namespace say.")
    private @Nullable String namespace;

    @Option(
        names = {"-A", "--all-namespaces"},
        description = "On Kubernetes: what the agents of all namespaces say.")
    private boolean all;
  }

  @ArgGroup(multiplicity = "0..1")
  private @Nullable Where where;

  /// Whether records are asked for at all.
  boolean areMeant() {
    return where != null;
  }

  private Optional<String> namespace() {
    return Optional.ofNullable(where).filter(one -> !one.all).map(one -> one.namespace);
  }

  /// For a sentence.
  String where() {
    return namespace().map(name -> "namespace " + name).orElse("any namespace");
  }

  List<ClusterRecords.Kept> list() {
    try (Kubernetes kubernetes = Kubernetes.open()) {
      return kubernetes.records().list(namespace());
    }
  }

  /// What the agent of a StatefulSet says.
  ///
  /// @param namespace the current context's if left out
  /// @throws io.pgbackup.problem.PgBackupException `NotFound`
  static ClusterRecords.Kept of(Optional<String> namespace, String statefulSet) {
    try (Kubernetes kubernetes = Kubernetes.open()) {
      String in = namespace.orElseGet(kubernetes::namespace);
      return kubernetes.records().list(Optional.of(in)).stream()
          .filter(kept -> kept.record().isOf(statefulSet))
          .findFirst()
          .orElseThrow(
              () ->
                  Problem.notFound(
                          "no agent of a StatefulSet %s/%s keeps a record"
                              .formatted(in, statefulSet),
                          "'pgbackup clusters -A' lists those that there are; see whether"
                              + " agent.kubernetes.enabled is set, and the agent's log.")
                      .asException());
    }
  }
}
