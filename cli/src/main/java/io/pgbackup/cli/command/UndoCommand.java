package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.RestoreView;
import io.pgbackup.cli.view.UndoView;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.restore.RestoreUndo;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
      "Of a StatefulSet, its server is stopped and started for it.",
      "",
      "Examples:",
      "  pgbackup undo --data-dir /var/lib/postgresql/data",
      "  pgbackup undo --statefulset orders -n shop",
    })
final class UndoCommand extends Verb {
  @ArgGroup(multiplicity = "1")
  private final Where where = new Where();

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAME",
      description = "The StatefulSet's namespace; the current context's if left out.")
  private @Nullable String namespace;

  @Mixin private final KubernetesOptions kubernetes = new KubernetesOptions();

  static final class Where {
    @Option(
        names = "--data-dir",
        paramLabel = "PGDATA",
        required = true,
        description = "The data directory that was restored.")
    private @Nullable Path dataDirectory;

    @Option(
        names = "--statefulset",
        paramLabel = "NAME",
        required = true,
        description = "The StatefulSet of Kubernetes that was restored.")
    private @Nullable String statefulSet;
  }

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  UndoCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    if (where.statefulSet != null) {
      undoStatefulSet(where.statefulSet);
      return;
    }
    Path directory = requireNonNull(where.dataDirectory).toAbsolutePath().normalize();
    RestoreUndo undo = new RestoreUndo(new LocalPostgres(), surroundings().clock());
    String target = RestoreView.target(undo.target(directory), surroundings().local());
    surroundings()
        .prompt()
        .confirm("Take back the restore of %s to %s".formatted(directory, target), yes);
    RestoreUndo.Undone undone = undo.undo(directory);
    print(() -> JsonOutput.render(UndoView.json(undone)), () -> UndoView.text(undone));
  }

  private void undoStatefulSet(String statefulSet) {
    kubernetes.with(
        Optional.ofNullable(namespace),
        statefulSet,
        surroundings(),
        this::say,
        (restore, name) -> {
          if (!restore.isUndoUnderWay()) {
            restore.planUndo(kubernetes.syncSuspended());
          }
          surroundings()
              .prompt()
              .confirm(
                  "Take back the last restore of StatefulSet %s%s"
                      .formatted(
                          name, KubernetesOptions.andDelete(restore.claimsThatUndoDeletes())),
                  yes);
          restore.undo(kubernetes.syncSuspended(), kubernetes.takeOver());
        });
  }
}
