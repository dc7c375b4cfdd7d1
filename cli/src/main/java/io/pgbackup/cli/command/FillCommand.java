package io.pgbackup.cli.command;

import io.pgbackup.cli.source.Configuration;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.doctor.SourceGuard;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.LineageFolders;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.Parent;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.postgres.process.ProgramHost;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestoreResult;
import io.pgbackup.restore.RestoreRunner;
import io.pgbackup.restore.Standby;
import io.pgbackup.restore.Vacancy;
import io.pgbackup.store.ObjectStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "bootstrap",
    description = "Fill an empty data directory from an archive, once.",
    footer = {
      "",
      "For what runs before each start of a server, as the chart's init container: the directory and",
      "the cluster are the configuration's, and where a server's data lie already it does nothing.",
      "A run that was cut off goes on. Anything else in the way is named and left alone (status 4).",
      "The server begins a new lineage; its agent makes the claim.",
      "",
      "With --standby it is left a standby: it follows the archive by the server's restore_command, and",
      "the agent beside it must be configured as that cluster's. Given without --standby later, it",
      "replays what is left, is promoted, and begins a lineage of the cluster in the configuration.",
      "",
      "Examples:",
      "  pgbackup --config agent.yaml bootstrap --latest",
      "  pgbackup --config agent.yaml bootstrap --cluster orders --timestamp 2026-11-21T02:13:37Z",
      "  pgbackup --config agent.yaml bootstrap --cluster orders --latest --standby",
    })
final class FillCommand extends RestoringVerb {
  @Option(
      names = "--again",
      description = "Also where the cluster went on from this archive before, in another lineage.")
  private boolean again;

  @Mixin private final PasswordOptions passwords = new PasswordOptions();

  @Option(
      names = "--programs",
      paramLabel = "SOCKET",
      description = "Where 'pgbackup-client run' runs PostgreSQL's programs, in another container.")
  private @Nullable Path programs;

  @Option(
      names = "--source-credentials",
      paramLabel = "DIR",
      description =
          "Files of the names that the configuration's credential has, with one that may read the"
              + " archive.")
  private @Nullable Path sourceCredentials;

  @Option(
      names = "--source-read-only",
      description = "Refuse if a credential of this cluster may write into the archive.")
  private boolean sourceReadOnly;

  @Option(
      names = "--standby",
      description =
          "Leave it a standby that follows the archive; given without it later: promote it.")
  private boolean standby;

  @Option(
      names = "--elsewhere",
      hidden = true,
      description = "With --plan: another machine will do it, whose room and programs count.")
  private boolean elsewhere;

  FillCommand(Surroundings surroundings) {
    super(surroundings);
  }

  private PgBackupConfig own() {
    return configuration().requireFile("'bootstrap'");
  }

  private ClusterId cluster() {
    PgBackupConfig.ClusterConfig named = own().cluster();
    return new ClusterId(named.namespace(), named.name());
  }

  @Override
  Configuration source(Configuration named) {
    return Optional.ofNullable(sourceCredentials).map(named::withCredentialsIn).orElse(named);
  }

  @Override
  void check(RestoreRunner runner, RestorePlan plan, RestoreDestination destination) {
    if (!elsewhere && !follows()) {
      super.check(runner, plan, destination);
    }
  }

  @Override
  boolean isDone() {
    Path directory = own().postgres().dataDirectory();
    Vacancy vacancy = Vacancy.of(directory);
    if (standby || follows()) {
      return isStandbyDone(directory, vacancy);
    }
    if (vacancy != Vacancy.FILLED) {
      return false;
    }
    say(
        directory
            + " holds a server's data"
            + DataHere.identity(directory)
                .map(Identity::uid)
                .map(uid -> ", of lineage " + uid)
                .orElse("")
            + "; nothing to do");
    return true;
  }

  /// Whether the directory is a standby's that this command made.
  private boolean follows() {
    return Standby.isIn(own().postgres().dataDirectory());
  }

  private boolean isStandbyDone(Path directory, Vacancy vacancy) {
    Optional<LineageUid> followed = DataHere.identity(directory).map(Identity::uid);
    if (follows()) {
      lineageOptions()
          .uid()
          .filter(asked -> followed.filter(uid -> !uid.equals(asked)).isPresent())
          .ifPresent(
              asked -> {
                throw Problem.refused(
                        "%s follows lineage %s, not %s"
                            .formatted(directory, followed.orElseThrow(), asked),
                        "Leave --uid out, or remove the directory to fill it anew.")
                    .asException();
              });
      followed.filter(_ -> standby).ifPresent(uid -> say(directory + " follows lineage " + uid));
      return standby && followed.isPresent();
    }
    if (vacancy == Vacancy.EMPTY) {
      return false;
    }
    throw Problem.refused(
            vacancy == Vacancy.FILLED
                ? directory + " holds a server's data that follow no archive"
                : "a restore into %s was cut off".formatted(directory),
            "No standby is made of a server that was promoted: leave --standby out, or remove the"
                + " directory to fill it anew.")
        .asException();
  }

  /// Whoever is promoted, or was being promoted when that was cut off, goes on from the lineage
  /// that he followed, though the cluster may have newer ones.
  @Override
  Optional<LineageUid> uid() {
    Optional<LineageUid> followed =
        follows()
            ? DataHere.identity(own().postgres().dataDirectory()).map(Identity::uid)
            : halfPromotedFrom();
    return followed.or(lineageOptions()::uid);
  }

  private Optional<LineageUid> halfPromotedFrom() {
    return Standby.halfPromotedFrom(own().postgres().dataDirectory());
  }

  @Override
  RestoreDestination destination(ClusterId source) {
    return new RestoreDestination.NewDirectory(
        own().postgres().dataDirectory(), Optional.of(cluster()));
  }

  @Override
  void confirm(RestoreDestination destination) {
    // nothing that exists is changed
  }

  @Override
  PostgresProcess process(RestoreDestination destination) {
    Optional.ofNullable(programs).ifPresent(ProgramHost::use);
    return super.process(destination);
  }

  @Override
  RestoreResult restore(
      RestoreRunner runner, RestorePlan plan, RestoreDestination destination, Progress progress) {
    return destination instanceof RestoreDestination.NewDirectory directory && follows()
        ? runner.promote(plan, directory, passwords.read(), progress)
        : runner.run(plan, destination, passwords.read(), progress);
  }

  @Override
  void carryOut(RestoreRunner runner, RestorePlan plan, RestoreDestination destination) {
    if (standby && destination instanceof RestoreDestination.NewDirectory directory) {
      Identity followed = runner.follow(plan, directory, new Progress(this::say));
      say(
          "%s follows %s, lineage %s"
              .formatted(directory.dataDirectory(), followed.cluster(), followed.uid()));
      return;
    }
    super.carryOut(runner, plan, destination);
  }

  /// Whoever runs this at every start means the archive to be read once. A volume that was lost
  /// later must not take a cluster back to that day without a word.
  @Override
  void consider(Archives archives, RestorePlan plan) {
    passwords.read();
    if (standby || follows()) {
      considerStandby(plan);
      return;
    }
    if (halfPromotedFrom().isPresent()) {
      // considered when it began
      return;
    }
    if (sourceReadOnly) {
      SourceGuard.check(
          own().storage(), source(configuration()).storage(), archives.store(), plan, cluster());
    }
    if (sourceCredentials == null) {
      refuseIfItWentOn(archives, archives.live(), plan);
      return;
    }
    // the other credential need not see what is this cluster's
    try (ObjectStore store = configuration().open()) {
      refuseIfItWentOn(archives, store, plan);
    }
  }

  private void considerStandby(RestorePlan plan) {
    if (!(plan.target() instanceof RecoveryTarget.Latest)) {
      throw Problem.misconfigured(
              "a standby follows the archive to its end, and is promoted there", "Use --latest.")
          .asException();
    }
    if (standby && !passwords.isEmpty()) {
      throw Problem.misconfigured(
              "a standby has its primary's passwords", "Give --password when it is promoted.")
          .asException();
    }
  }

  private void refuseIfItWentOn(Archives archives, ObjectStore store, RestorePlan plan) {
    PrefixTemplate template =
        archives.template().isLiteral() ? PrefixTemplate.DEFAULT : archives.template();
    Claims claims = new Claims(store);
    List<LineageUid> children =
        LineageFolders.find(store, template, cluster()).stream()
            .flatMap(folder -> claims.read(folder).stream())
            .filter(claim -> isChild(claim, plan.lineage().uid()))
            .map(Claim::uid)
            .toList();
    if (children.isEmpty() || again) {
      return;
    }
    throw Problem.refused(
            "%s went on from lineage %s already, as %s"
                .formatted(
                    cluster(),
                    plan.lineage().uid(),
                    String.join(", ", children.stream().map(LineageUid::value).toList())),
            "What was written since is there: give its --uid. To begin once more at the older"
                + " lineage add --again.")
        .asException();
  }

  private static boolean isChild(Claim claim, LineageUid parent) {
    return claim.parent().map(Parent::uid).filter(parent::equals).isPresent();
  }
}
