package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Whose credentials are meant. Nothing comes from the configuration: it is the broker's, not one
/// cluster's.
final class HolderOptions {
  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      description = "The cluster's namespace; 'default' if left out.")
  private String namespace = ClusterId.DEFAULT_NAMESPACE;

  @Option(names = "--cluster", paramLabel = "NAME", required = true, description = "The cluster.")
  private @Nullable String cluster;

  @Option(
      names = "--uid",
      paramLabel = "UID",
      description =
          "Go on only if the cluster has this lineage, with the folder in which it lies. A credential"
              + " reaches all lineages of a folder.")
  private @Nullable String uid;

  ClusterId cluster() {
    return LineageOptions.value(
        "--cluster", requireNonNull(cluster), name -> new ClusterId(namespace, name));
  }

  Optional<LineageUid> uid() {
    return Optional.ofNullable(uid)
        .map(text -> LineageOptions.value("--uid", text, LineageUid::new));
  }

  /// How the options read on a command line, for hints.
  @Override
  public String toString() {
    return "--namespace %s --cluster %s".formatted(namespace, cluster);
  }

  static Role role(String text) {
    return Arrays.stream(Role.values())
        .filter(role -> role.word().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                Problem.misconfigured(
                        "--role: '" + text + "' is no role",
                        Arrays.stream(Role.values())
                            .map(Role::word)
                            .collect(Collectors.joining(", ", "Roles are ", ".")))
                    .asException());
  }
}
