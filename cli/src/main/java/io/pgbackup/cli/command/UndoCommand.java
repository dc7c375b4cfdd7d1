package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.RestoreView;
import io.pgbackup.cli.view.UndoView;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.restore.RestoreUndo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "undo",
    description = "Take the last restore of a data directory back.",
    footer = {
      "",
      "Stop the server first. The restored data are kept beside the old ones; what was written to",
      "them since the restore is no longer in the server, but the lineage that the restore began",
      "stays in the store. A restore that was cut off is given up.",
      "",
      "Example:",
      "  pgbackup undo --data-dir /var/lib/postgresql/data",
    })
final class UndoCommand extends Verb {
  @Option(
      names = "--data-dir",
      paramLabel = "PGDATA",
      required = true,
      description = "The data directory that was restored.")
  private @Nullable Path dataDirectory;

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  UndoCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    Path directory = requireNonNull(dataDirectory).toAbsolutePath().normalize();
    RestoreUndo undo = new RestoreUndo(new LocalPostgres(), surroundings().clock());
    String target = RestoreView.target(undo.target(directory), surroundings().local());
    surroundings()
        .prompt()
        .confirm("Take back the restore of %s to %s".formatted(directory, target), yes);
    RestoreUndo.Undone undone = undo.undo(directory);
    print(() -> JsonOutput.render(UndoView.json(undone)), () -> UndoView.text(undone));
  }
}
