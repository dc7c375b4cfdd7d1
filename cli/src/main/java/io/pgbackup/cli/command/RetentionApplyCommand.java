package io.pgbackup.cli.command;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.RetentionView;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.retention.RetentionOutcome;
import io.pgbackup.retention.RetentionRules;
import io.pgbackup.retention.RetentionRunner;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

@Command(
    name = "apply",
    description = "Delete what the stored rules let go.",
    footer = {
      "",
      "Needs a credential of the role retention. May be killed and repeated. An archive that nobody",
      "claimed, and one without stored rules, is left alone and named. Rules in the configuration's",
      "section 'retention' are a floor: more may stay than the stored ones want, never less. Exit",
      "status 4: nothing was deleted, or not all, for safety; 5: the store refused to delete something.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml retention apply",
      "  pgbackup --store s3://backups retention apply --namespace shop --cluster orders",
    })
final class RetentionApplyCommand extends RetentionVerb {
  RetentionApplyCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  void run(Tools tools, List<Lineage> lineages) {
    if (tools.cluster().isEmpty() && tools.configuration().folder().isEmpty()) {
      throw Problem.misconfigured(
              "nothing says which cluster is meant", "Name it with --cluster, or give --config.")
          .asException();
    }
    RetentionRunner runner =
        new RetentionRunner(
            tools.archives().store(),
            tools.reader(),
            tools.leases(),
            "retention from the command line, process %d".formatted(ProcessHandle.current().pid()));
    List<RetentionView.Applied> applied = new ArrayList<>();
    List<Problem> problems = new ArrayList<>();
    List<Problem> notOurs = new ArrayList<>();
    for (Lineage lineage : lineages) {
      try {
        Optional<RetentionRules> rules =
            lineage.claim().isPresent() ? tools.rules(lineage) : Optional.empty();
        Optional<Problem> why = notOurs(lineage, rules);
        if (why.isPresent()) {
          notOurs.add(why.get());
          continue;
        }
        RetentionOutcome outcome = runner.apply(lineage, rules.orElseThrow());
        applied.add(new RetentionView.Applied(lineage, outcome));
        problem(outcome).ifPresent(problems::add);
      } catch (PgBackupException e) {
        problems.add(e.problem());
      }
    }
    print(
        () -> JsonOutput.render(RetentionView.applied(applied)),
        () -> RetentionView.outcomes(applied));
    if (tools.oneNamed() || notOurs.size() == lineages.size()) {
      problems.addAll(notOurs);
    } else {
      notOurs.forEach(problem -> say("left alone: " + problem.message()));
    }
    if (!problems.isEmpty()) {
      problems.stream().skip(1).forEach(problem -> say(problem.message()));
      throw problems.getFirst().asException();
    }
  }

  /// Why a lineage is none that rules of ours are for.
  private static Optional<Problem> notOurs(Lineage lineage, Optional<RetentionRules> rules) {
    if (lineage.claim().isEmpty()) {
      return Optional.of(
          Problem.refused(
              "nobody claimed the archive in %s: another program may manage it"
                  .formatted(lineage.prefix()),
              "Delete with that program, or let an agent go on in this folder."));
    }
    return rules.isPresent()
        ? Optional.empty()
        : Optional.of(
            Problem.refused(
                "no retention rules are stored in " + lineage.prefix(),
                "The agent stores those of its configuration when it starts. An ended lineage"
                    + " without any is kept whole."));
  }

  private static Optional<Problem> problem(RetentionOutcome outcome) {
    if (!outcome.refused().isEmpty()) {
      var first = outcome.refused().entrySet().iterator().next();
      return Optional.of(
          Problem.storageFailed(
              "the store did not delete %d objects, for example %s: %s"
                  .formatted(outcome.refused().size(), first.getKey(), first.getValue()),
              "Use a credential of the role retention; a lock on the bucket ends by itself."));
    }
    return outcome
        .stopped()
        .map(
            why ->
                Problem.refused(
                    (outcome.deletedObjects() == 0
                            ? "nothing was deleted: "
                            : "not all was deleted: ")
                        + why,
                    "Run it again when that has ended."));
  }
}
