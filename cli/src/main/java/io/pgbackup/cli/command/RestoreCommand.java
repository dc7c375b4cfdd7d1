package io.pgbackup.cli.command;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.restore.RestoreDestination;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "restore",
    description =
        "Bring a cluster back to an instant: into a new directory, or in the place of its data.",
    footer = {
      "",
      "In place, the old data are kept beside the new ones, and 'pgbackup undo' brings them back.",
      "A restore that was cut off goes on when the same command is given again.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml restore --timestamp 2026-11-21T02:13:37Z --target-dir /srv/look",
      "  pgbackup --config agent.yaml restore --timestamp 2026-11-21T02:13:37Z \\",
      "           --in-place --data-dir /var/lib/postgresql/data --stop",
      "  pgbackup --store s3://backups restore --cluster orders --latest --target-dir /srv/new --plan",
    })
final class RestoreCommand extends RestoringVerb {
  @ArgGroup(multiplicity = "1")
  private final DestinationOptions destinationOptions = new DestinationOptions();

  @Option(
      names = "--stop",
      description = "In place: stop the server if it runs, and start it again.")
  private boolean stop;

  @Option(
      names = {"-y", "--yes"},
      description = "In place: do not ask.")
  private boolean yes;

  RestoreCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  RestoreDestination destination(ClusterId source) {
    return destinationOptions.destination(stop);
  }

  @Override
  void confirm(RestoreDestination destination) {
    switch (destination) {
      case RestoreDestination.NewDirectory _ -> {}
      case RestoreDestination.InPlace inPlace ->
          surroundings().prompt().confirm("Replace the data in " + inPlace.dataDirectory(), yes);
    }
  }
}
