package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RestoreDestination;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "clone",
    description = "Make another cluster from a cluster as it was at an instant.",
    footer = {
      "",
      "The clone is stopped, archives nothing, and has an identity of its own: start it under",
      "another port, and protect it with an agent whose configuration names it.",
      "",
      "Example:",
      "  pgbackup --config agent.yaml clone --timestamp 2026-11-21T02:13:37Z \\",
      "           --as orders-check --target-dir /srv/orders-check",
    })
final class CloneCommand extends RestoringVerb {
  @Option(names = "--as", paramLabel = "NAME", required = true, description = "The clone's name.")
  private @Nullable String name;

  @Option(
      names = "--target-dir",
      paramLabel = "DIR",
      required = true,
      description = "A directory that does not exist or is empty.")
  private @Nullable Path directory;

  CloneCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  RestoreDestination destination(ClusterId source) {
    ClusterId clone =
        LineageOptions.value(
            "--as", requireNonNull(name), it -> new ClusterId(source.namespace(), it));
    if (clone.equals(source)) {
      throw Problem.refused(
              "a clone cannot have the name of its source, " + source,
              "Give another name as --as; to bring the cluster itself back use 'pgbackup restore'.")
          .asException();
    }
    return new RestoreDestination.NewDirectory(requireNonNull(directory), Optional.of(clone));
  }

  @Override
  void confirm(RestoreDestination destination) {
    // nothing that exists is changed
  }
}
