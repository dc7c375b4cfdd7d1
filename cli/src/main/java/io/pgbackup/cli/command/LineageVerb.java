package io.pgbackup.cli.command;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.source.Configuration;
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
  @Mixin private final AsOfOption asOf = new AsOfOption();

  LineageVerb(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public final void run() {
    Configuration configuration = options.in(configuration());
    Optional<ClusterId> cluster = options.cluster(configuration);
    Optional<LineageUid> uid = options.uid();
    try (Archives archives = Archives.open(configuration, asOf.instant(surroundings()))) {
      Reading reading = archives.read(cluster, uid, listsAllWal());
      reading.requireLineage(cluster, uid);
      reading.requireAny();
      archives.notices().forEach(this::say);
      reading.notices(cluster.isEmpty()).forEach(this::say);
      if (reading.catalogs().isEmpty()) {
        throw Problem.notFound(
                "%s has no backups%s"
                    .formatted(
                        archives.store().url(), cluster.map(it -> " of cluster " + it).orElse("")),
                "'pgbackup clusters' lists what is there.")
            .asException();
      }
      show(reading.catalogs());
      judge(archives, reading.catalogs());
    }
  }

  /// Whether index objects are not asked.
  boolean listsAllWal() {
    return false;
  }

  abstract void show(List<LineageCatalog> catalogs);

  /// What the verb has to say of them beyond showing them; nothing, if it says nothing.
  ///
  /// @throws io.pgbackup.problem.PgBackupException if something is wrong with them
  void judge(Archives archives, List<LineageCatalog> catalogs) {}
}
