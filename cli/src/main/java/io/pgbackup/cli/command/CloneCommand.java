package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.kubernetes.Kubernetes;
import io.pgbackup.kubernetes.restore.CloneOrder;
import io.pgbackup.kubernetes.restore.StatefulSetClone;
import io.pgbackup.kubernetes.restore.StatefulSetName;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RestoreDestination;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "clone",
    description = "Make another cluster from a cluster as it was at an instant.",
    footer = {
      "",
      "In a directory the clone is stopped, archives nothing, and has an identity of its own: start",
      "it under another port, and protect it with an agent whose configuration names it.",
      "",
      "Of a StatefulSet of Kubernetes it is another one beside it, which runs and makes backups of its",
      "own. Nothing of the source is changed, and the clone's credential must not be able to write to",
      "the source's backups, which is tried. A command that was cut off goes on when it is given again.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml clone --timestamp 2026-11-21T02:13:37Z \\",
      "           --as orders-check --target-dir /srv/orders-check",
      "  pgbackup clone --statefulset orders -n shop --timestamp 2026-11-21T02:13:37Z \\",
      "           --as orders-check --secret orders-check-bucket --source-secret orders-reader",
    })
final class CloneCommand extends RestoringVerb {
  @Option(names = "--as", paramLabel = "NAME", required = true, description = "The clone's name.")
  private @Nullable String name;

  @ArgGroup(multiplicity = "1")
  private final Where where = new Where();

  static final class Where {
    @Option(
        names = "--target-dir",
        paramLabel = "DIR",
        required = true,
        description = "A directory that does not exist or is empty.")
    private @Nullable Path directory;

    @ArgGroup(exclusive = false, multiplicity = "1")
    private @Nullable InKubernetes inKubernetes;
  }

  static final class InKubernetes {
    @Option(
        names = "--statefulset",
        paramLabel = "NAME",
        required = true,
        description = "A StatefulSet of Kubernetes, in the namespace of --namespace.")
    private String statefulSet = "";

    @Option(
        names = "--secret",
        paramLabel = "NAME",
        required = true,
        description =
            "With --statefulset: the Secret with the clone's own credential of the bucket, with the"
                + " keys that the source's has.")
    private String secret = "";

    @Option(
        names = "--source-secret",
        paramLabel = "NAME",
        description =
            "With --statefulset: a Secret with a credential that reads the source's backups, where"
                + " the clone's own does not.")
    private @Nullable String sourceSecret;

    @Option(
        names = "--again",
        description =
            "With --statefulset: also where a clone of that name went on from these backups before.")
    private boolean again;

    @Option(
        names = "--replicas",
        paramLabel = "N",
        defaultValue = "1",
        description =
            "With --statefulset: how many servers, the primary and its standbys; ${DEFAULT-VALUE} if"
                + " left out, however many the source has.")
    private int replicas = 1;
  }

  @Mixin private final RoleSecretOptions roleSecrets = new RoleSecretOptions();

  CloneCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  boolean ranElsewhere(boolean planOnly) {
    InKubernetes asked = where.inKubernetes;
    if (asked == null) {
      roleSecrets.refuse();
      return false;
    }
    if (lineageOptions().namesAnArchive()) {
      throw Problem.misconfigured(
              "--statefulset says whose backups are meant, and so do --cluster and --prefix",
              "Leave those out; --uid chooses one of its lineages.")
          .asException();
    }
    List<String> target = new ArrayList<>(targetWords());
    if (asked.again) {
      target.add("--again");
    }
    CloneOrder order =
        new CloneOrder(
            requireNonNull(name),
            target,
            asked.secret,
            Optional.ofNullable(asked.sourceSecret),
            roleSecrets.roles(),
            asked.replicas);
    try (Kubernetes kubernetes = Kubernetes.open()) {
      StatefulSetName source =
          LineageOptions.value(
              "--statefulset",
              asked.statefulSet,
              it ->
                  new StatefulSetName(
                      lineageOptions().namespace().orElseGet(kubernetes::namespace), it));
      StatefulSetClone clone = kubernetes.cloneOf(source, surroundings().clock(), this::say);
      if (planOnly) {
        clone.plan(order);
      } else {
        clone.make(order);
      }
    }
    return true;
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
    return new RestoreDestination.NewDirectory(requireNonNull(where.directory), Optional.of(clone));
  }

  @Override
  void confirm(RestoreDestination destination) {
    // nothing that exists is changed
  }
}
