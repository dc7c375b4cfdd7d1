package io.pgbackup.cli.command;

import io.pgbackup.cli.output.OutputFormat;
import io.pgbackup.kubernetes.ClusterRecords;
import io.pgbackup.kubernetes.restore.StatefulSetClone;
import io.pgbackup.kubernetes.restore.StatefulSetRestore;
import io.pgbackup.problem.ExitStatus;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "k8s",
    description = "What pgbackup needs of Kubernetes.",
    synopsisSubcommandLabel = "COMMAND")
final class KubernetesCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init")
  private CommandSpec spec;

  static CommandLine with(Surroundings surroundings) {
    return new CommandLine(new KubernetesCommand()).addSubcommand(new Rbac(surroundings));
  }

  @Override
  public Integer call() {
    CommandLine line = spec.commandLine();
    line.usage(line.getErr());
    return ExitStatus.USAGE.code();
  }

  @Command(
      name = "rbac",
      description =
          "Print the Roles that whoever restores, clones or looks at a StatefulSet needs.",
      footer = {
        "",
        "Example:",
        "  pgbackup k8s rbac -n shop | kubectl apply -f -",
        "  kubectl create rolebinding pgbackup-restore -n shop --role pgbackup-restore --user anna",
        "  kubectl create rolebinding pgbackup-clone -n shop --role pgbackup-clone --user anna",
        "",
        "A restore of more than one replica deletes the volume claims of its standbys:",
        "  kubectl create rolebinding pgbackup-standbys -n shop \\",
        "    --role pgbackup-restore-standbys --user anna",
        "",
        "It makes a missing Secret of the superuser's password anew, with the right to create one:",
        "  kubectl create rolebinding pgbackup-secret -n shop \\",
        "    --role pgbackup-restore-secret --user anna",
        "",
        "'pgbackup clusters -n shop' and 'pgbackup status --statefulset' only list ConfigMaps:",
        "  kubectl create rolebinding pgbackup-view -n shop --role pgbackup-view --user anna",
      })
  static final class Rbac extends Verb {
    @Option(
        names = {"-n", "--namespace"},
        paramLabel = "NAME",
        defaultValue = "default",
        description = "The StatefulSet's namespace; ${DEFAULT-VALUE} if left out.")
    private String namespace = "default";

    Rbac(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    List<OutputFormat> formats() {
      return List.of(OutputFormat.TABLE);
    }

    @Override
    public void run() {
      print(
          String.join(
              "---\n",
              StatefulSetRestore.role(namespace),
              StatefulSetClone.role(namespace),
              StatefulSetRestore.standbysRole(namespace),
              StatefulSetRestore.secretRole(namespace),
              ClusterRecords.role(namespace)));
    }
  }
}
