package io.pgbackup.cli.command;

import io.pgbackup.cli.source.Configuration;
import io.pgbackup.config.PgBackupConfig;
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
      names = {"-n", "--namespace"},
      paramLabel = "NAME",
      description = "Its namespace; the configuration's if left out, else 'default'.")
  private @Nullable String namespace;

  @Option(
      names = "--uid",
      paramLabel = "UID",
      description = "One of its lineages; 'pgbackup clusters' lists them.")
  private @Nullable String uid;

  @Option(
      names = "--prefix",
      paramLabel = "FOLDER",
      description =
          "The literal folder of one archive, whoever wrote it: what others call s3_wal_path.")
  private @Nullable String prefix;

  Optional<String> namespace() {
    return Optional.ofNullable(namespace);
  }

  /// Whether one cluster or one folder of the bucket was named.
  boolean namesAnArchive() {
    return cluster != null || prefix != null;
  }

  /// What these options say, added to those that every verb has.
  Configuration in(Configuration global) {
    return prefix == null ? global : global.withPrefix(prefix);
  }

  /// Empty where neither the options nor the configuration name a cluster, and where one folder is
  /// meant: what lies in it has a name of its own.
  Optional<ClusterId> cluster(Configuration configuration) {
    Optional<ClusterConfig> configured =
        configuration.folder().isPresent()
            ? Optional.empty()
            : configuration.file().map(PgBackupConfig::cluster);
    return Optional.ofNullable(cluster)
        .or(() -> configured.map(ClusterConfig::name))
        .map(name -> value("--cluster", name, it -> new ClusterId(namespace(configured), it)));
  }

  /// As [#cluster], for what is done to one cluster only: empty where one folder is meant.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if nothing says which
  Optional<ClusterId> oneCluster(Configuration configuration) {
    Optional<ClusterId> asked = cluster(configuration);
    if (asked.isEmpty() && configuration.folder().isEmpty()) {
      throw Problem.misconfigured(
              "nothing says which cluster",
              "Give --cluster NAME, which 'pgbackup clusters' lists, or --prefix FOLDER.")
          .asException();
    }
    return asked;
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
