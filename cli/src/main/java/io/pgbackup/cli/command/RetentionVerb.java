package io.pgbackup.cli.command;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Leases;
import io.pgbackup.retention.Holds;
import io.pgbackup.retention.Policies;
import io.pgbackup.retention.RetentionReader;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
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
  record Tools(
      Configuration configuration,
      Archives archives,
      Optional<ClusterId> cluster,
      Clock clock,
      Policies policies,
      Holds holds,
      Leases leases,
      RetentionReader reader) {
    static Tools of(Configuration configuration, Archives archives, Optional<ClusterId> cluster) {
      Clock clock = Clock.systemUTC();
      Leases leases = new Leases(archives.store(), clock);
      Holds holds = new Holds(archives.store(), clock);
      return new Tools(
          configuration,
          archives,
          cluster,
          clock,
          new Policies(archives.store(), clock),
          holds,
          leases,
          new RetentionReader(
              new Catalog(archives.store(), archives.cipher()), holds, leases, clock));
    }
  }

  @Override
  public final void run() {
    Configuration configuration = options.in(configuration());
    Optional<ClusterId> cluster = options.cluster(configuration);
    try (Archives archives = Archives.open(configuration)) {
      run(Tools.of(configuration, archives, cluster), archives.lineages(cluster, options.uid()));
    }
  }

  abstract void run(Tools tools, List<Lineage> lineages);
}
