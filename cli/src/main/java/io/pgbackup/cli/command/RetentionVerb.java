package io.pgbackup.cli.command;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Leases;
import io.pgbackup.retention.Holds;
import io.pgbackup.retention.Policies;
import io.pgbackup.retention.RetentionReader;
import io.pgbackup.retention.RetentionRules;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/// A verb about what is kept of the lineages that its options choose, the ended ones too.
abstract class RetentionVerb extends Verb {
  @Mixin private final LineageOptions options = new LineageOptions();

  RetentionVerb(Surroundings surroundings) {
    super(surroundings);
  }

  /// What such a verb works with.
  ///
  /// @param cluster empty where none was named
  /// @param oneNamed whether one lineage is meant, by its UID or folder, rather than all of a
  ///   cluster
  record Tools(
      Configuration configuration,
      Archives archives,
      Optional<ClusterId> cluster,
      boolean oneNamed,
      Clock clock,
      Policies policies,
      Holds holds,
      Leases leases,
      RetentionReader reader) {
    static Tools of(
        Configuration configuration,
        Archives archives,
        Optional<ClusterId> cluster,
        boolean uidNamed) {
      Clock clock = Clock.systemUTC();
      Leases leases = new Leases(archives.store(), clock);
      Holds holds = new Holds(archives.store(), clock);
      return new Tools(
          configuration,
          archives,
          cluster,
          uidNamed || configuration.folder().isPresent(),
          clock,
          new Policies(archives.store(), clock),
          holds,
          leases,
          new RetentionReader(
              new Catalog(archives.store(), archives.cipher()), holds, leases, clock));
    }

    /// The stored rules, and at least those of this configuration, where it has any: whoever may
    /// write beside the backups may store weaker ones. Empty where none are stored.
    Optional<RetentionRules> rules(Lineage lineage) {
      Optional<RetentionRules> floor =
          configuration.file().filter(config -> config.retention().given()).map(RetentionRules::of);
      return policies
          .newest(lineage.prefix())
          .map(stored -> floor.map(stored::atLeast).orElse(stored));
    }
  }

  @Override
  public final void run() {
    Configuration configuration = options.in(configuration());
    Optional<ClusterId> cluster = options.cluster(configuration);
    try (Archives archives = Archives.open(configuration)) {
      run(
          Tools.of(configuration, archives, cluster, options.uid().isPresent()),
          archives.lineages(cluster, options.uid()));
    }
  }

  abstract void run(Tools tools, List<Lineage> lineages);

  /// In whose name something is said.
  static String orThisUser(@Nullable String owner) {
    return owner == null ? System.getProperty("user.name", "unknown") : owner;
  }
}
