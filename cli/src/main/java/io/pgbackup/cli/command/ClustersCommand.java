package io.pgbackup.cli.command;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.cli.view.ClustersView;
import io.pgbackup.cli.view.RecordsView;
import io.pgbackup.kubernetes.ClusterRecords;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "clusters",
    description = "List every cluster in the store, and what can be restored of each.",
    footer = {
      "",
      "Archives that Spilo or WAL-G wrote are found too, in whatever folder; nothing is written.",
      "",
      "Examples:",
      "  pgbackup --store s3://backups clusters",
      "  pgbackup --config agent.yaml clusters -o json",
      "",
      "On Kubernetes, from what the agents say there, with no credential of a bucket:",
      "  pgbackup clusters -n shop",
      "  pgbackup clusters --all-namespaces",
    })
final class ClustersCommand extends Verb {
  @Mixin private final AsOfOption asOf = new AsOfOption();
  @Mixin private final RecordOptions records = new RecordOptions();

  ClustersCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    if (records.areMeant()) {
      showRecords();
    } else {
      showStore();
    }
  }

  private void showRecords() {
    if (asOf.instant(surroundings()).isPresent()) {
      throw Problem.misconfigured(
              "--as-of looks into a store, and --namespace and --all-namespaces at Kubernetes",
              "Leave one of them out.")
          .asException();
    }
    List<ClusterRecords.Kept> found = records.list();
    if (found.isEmpty()) {
      say("no agent keeps a record in " + records.where());
    }
    Instant now = surroundings().clock().instant();
    print(
        () -> JsonOutput.render(RecordsView.json(found, now)),
        () -> found.isEmpty() ? "" : RecordsView.table(found, now));
  }

  private void showStore() {
    Configuration configuration = configuration();
    try (Archives archives = Archives.open(configuration, asOf.instant(surroundings()))) {
      Reading reading = read(archives);
      List<LineageCatalog> found = reading.catalogs();
      archives.notices().forEach(this::say);
      reading.notices(true).forEach(this::say);
      if (found.isEmpty() && reading.unreadable().isEmpty()) {
        say("no cluster has backups in " + archives.store().url());
      }
      configuration
          .own()
          .map(file -> file.postgres().dataDirectory())
          .ifPresent(
              data ->
                  DataHere.identity(data)
                      .ifPresent(it -> say("the data in %s are of %s".formatted(data, it.uid()))));
      print(
          () -> JsonOutput.render(ClustersView.json(found, reading.unreadable())),
          () ->
              found.isEmpty() && reading.unreadable().isEmpty()
                  ? ""
                  : ClustersView.table(found, reading.unreadable()));
    }
  }

  /// A credential of one cluster may not look for others.
  private static Reading read(Archives archives) {
    try {
      Reading reading = archives.read(Optional.empty(), Optional.empty());
      if (reading.catalogs().isEmpty() && reading.unreadable().isEmpty()) {
        reading.requireAny();
      }
      return reading;
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.StorageFailed failed && !failed.transientFault()) {
        throw Problem.storageFailed(
                failed.message(),
                failed.hint().map(hint -> hint + " ").orElse("")
                    + "A credential of one cluster shows only that one: pgbackup window --cluster"
                    + " NAME.")
            .causedBy(e);
      }
      throw e;
    }
  }
}
