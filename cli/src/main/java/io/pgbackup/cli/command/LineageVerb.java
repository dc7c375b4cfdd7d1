package io.pgbackup.cli.command;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;

/// A verb that shows something of the lineages that its options choose; of all where they choose
/// none.
abstract class LineageVerb extends Verb {
  @Mixin private final LineageOptions options = new LineageOptions();

  LineageVerb(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public final void run() {
    Configuration configuration = configuration();
    Optional<ClusterId> cluster =
        options.cluster(configuration.file().map(PgBackupConfig::cluster));
    Optional<LineageUid> uid = options.uid();
    try (Archives archives = Archives.open(configuration)) {
      List<LineageCatalog> found = archives.read(lineage -> isWanted(lineage, cluster, uid));
      if (found.isEmpty()) {
        throw Problem.notFound(
                "%s has no backups%s%s"
                    .formatted(
                        archives.store().url(),
                        cluster.map(it -> " of cluster " + it).orElse(""),
                        uid.map(it -> " with UID " + it).orElse("")),
                "'pgbackup clusters' lists what is there.")
            .asException();
      }
      show(found);
    }
  }

  private static boolean isWanted(
      Lineage lineage, Optional<ClusterId> cluster, Optional<LineageUid> uid) {
    return cluster.map(lineage.cluster()::equals).orElse(true)
        && uid.map(lineage.uid()::equals).orElse(true);
  }

  abstract void show(List<LineageCatalog> catalogs);
}
