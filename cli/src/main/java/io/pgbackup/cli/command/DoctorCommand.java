package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.agent.Host;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.view.DoctorView;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.doctor.Diagnosis;
import io.pgbackup.doctor.Doctor;
import io.pgbackup.doctor.Group;
import io.pgbackup.problem.ExitStatus;
import io.pgbackup.problem.Problem;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExitCodeGenerator;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "doctor",
    description = {
      "Examine this server's set-up: store, credential, PostgreSQL, engine, keys, agent.",
      "Each line says what was found, and what to do. Changes nothing but a few small objects in a"
          + " folder of its own."
    },
    footer = {
      "",
      "Exit status: 0 where nothing failed (warnings count as that), otherwise that of the gravest"
          + " failure.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml doctor",
      "  pgbackup --config agent.yaml doctor --only storage,permissions,isolation"
    })
final class DoctorCommand extends Verb implements IExitCodeGenerator {
  private static final int WIDTH = 80;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "GROUP",
      description =
          "Only these, separated by commas: storage, permissions, isolation, postgres, engine,"
              + " encryption, agent. A server or an agent asked for so must be there.")
  private List<String> only = List.of();

  @Mixin private final CloudflareOptions cloudflare = new CloudflareOptions();

  @Spec private @Nullable CommandSpec spec;

  private ExitStatus status = ExitStatus.DONE;

  DoctorCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    Set<Group> groups = groups();
    PgBackupConfig config = configuration().requireFile("doctor");
    Doctor doctor = new Doctor(config, Host.name(), surroundings().clock(), cloudflare.access());
    if (asJson()) {
      Diagnosis diagnosis = doctor.examine(groups, _ -> {});
      print(JsonOutput.render(DoctorView.json(diagnosis)));
      status = diagnosis.status();
      return;
    }
    boolean colour = requireNonNull(spec).commandLine().getColorScheme().ansi().enabled();
    DoctorView view = new DoctorView(WIDTH, colour);
    Diagnosis diagnosis = doctor.examine(groups, finding -> print(view.lines(finding)));
    print(view.summary(diagnosis));
    status = diagnosis.status();
  }

  @Override
  public int getExitCode() {
    return status.code();
  }

  private Set<Group> groups() {
    return only.stream().map(DoctorCommand::group).collect(Collectors.toUnmodifiableSet());
  }

  private static Group group(String word) {
    return Arrays.stream(Group.values())
        .filter(group -> group.word().equals(word.strip().toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                Problem.misconfigured(
                        "--only: there is no group '" + word + "'",
                        "Groups are "
                            + Arrays.stream(Group.values())
                                .map(Group::word)
                                .collect(Collectors.joining(", "))
                            + ".")
                    .asException());
  }
}
