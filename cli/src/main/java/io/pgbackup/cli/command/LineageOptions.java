package io.pgbackup.cli.command;

import io.pgbackup.config.PgBackupConfig.ClusterConfig;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Which cluster and which of its lineages; what is left out comes from the configuration, where
/// one was named.
final class LineageOptions {
  @Option(
      names = "--cluster",
      paramLabel = "NAME",
      description = "The cluster; the configuration's if left out.")
  private @Nullable String cluster;

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      description = "Its namespace; the configuration's if left out, else 'default'.")
  private @Nullable String namespace;

  @Option(
      names = "--uid",
      paramLabel = "UID",
      description = "One of its lineages; 'pgbackup clusters' lists them.")
  private @Nullable String uid;

  /// Empty where neither the options nor the configuration name a cluster.
  ///
  /// @param configured the configuration's, where a file was named
  Optional<ClusterId> cluster(Optional<ClusterConfig> configured) {
    return Optional.ofNullable(cluster)
        .or(() -> configured.map(ClusterConfig::name))
        .map(name -> value("--cluster", name, it -> new ClusterId(namespace(configured), it)));
  }

  private String namespace(Optional<ClusterConfig> configured) {
    return Optional.ofNullable(namespace)
        .or(() -> configured.map(ClusterConfig::namespace))
        .orElse(ClusterId.DEFAULT_NAMESPACE);
  }

  Optional<LineageUid> uid() {
    return Optional.ofNullable(uid).map(text -> value("--uid", text, LineageUid::new));
  }

  /// Reads a value whose constructor says what is wrong with it.
  static <T> T value(String option, String text, Function<String, T> reader) {
    try {
      return reader.apply(text);
    } catch (IllegalArgumentException e) {
      throw Problem.misconfigured(
              option + ": " + e.getMessage(), "'pgbackup clusters' lists what there is.")
          .causedBy(e);
    }
  }
}
