package io.pgbackup.cli.command;

import io.pgbackup.cli.source.Configuration;
import io.pgbackup.cli.view.ZalandoClone;
import io.pgbackup.kubernetes.restore.RestoreOrder;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestoreRunner;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
      "  pgbackup restore --statefulset orders -n shop --timestamp 2026-11-21T02:13:37Z --in-place \\",
      "           --role-secret orders-app",
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

  @Option(
      names = "--zalando",
      description =
          "With --plan: print also what Zalando's operator takes for the same, spec.clone. Nothing"
              + " of this machine is looked at.")
  private boolean zalando;

  @Mixin private final KubernetesOptions kubernetes = new KubernetesOptions();
  @Mixin private final RoleSecretOptions roleSecrets = new RoleSecretOptions();

  RestoreCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  boolean ranElsewhere(boolean planOnly) {
    Optional<String> statefulSet = destinationOptions.statefulSet();
    if (zalando && (!planOnly || statefulSet.isPresent())) {
      throw Problem.misconfigured(
              "--zalando belongs to a plan for a directory",
              "Give --plan and --target-dir DIR; DIR is not looked at.")
          .asException();
    }
    if (statefulSet.isEmpty()) {
      roleSecrets.refuse();
      return false;
    }
    if (lineageOptions().namesAnArchive()) {
      throw Problem.misconfigured(
              "--statefulset says whose backups are meant, and so do --cluster and --prefix",
              "Leave those out; --uid chooses one of its lineages.")
          .asException();
    }
    RestoreOrder order = new RestoreOrder(targetWords(), roleSecrets.roles());
    kubernetes.with(
        lineageOptions().namespace(),
        statefulSet.get(),
        surroundings(),
        this::say,
        (restore, name) -> {
          if (planOnly || (!yes && !restore.isUnderWay(order))) {
            restore.plan(order, kubernetes.syncSuspended());
          }
          if (!planOnly) {
            surroundings()
                .prompt()
                .confirm(
                    "Replace the data of StatefulSet %s%s"
                        .formatted(
                            name, KubernetesOptions.andDelete(restore.claimsThatRestoreDeletes())),
                    yes);
            restore.restore(order, kubernetes.syncSuspended(), kubernetes.takeOver());
          }
        });
    return true;
  }

  @Override
  void check(RestoreRunner runner, RestorePlan plan, RestoreDestination destination) {
    if (!zalando) {
      super.check(runner, plan, destination);
    }
  }

  @Override
  String appendix(RestorePlan plan, Configuration configuration) {
    return zalando ? ZalandoClone.text(plan, configuration.storage()) : "";
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
