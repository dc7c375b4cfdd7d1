package io.pgbackup.cli.command;

import io.pgbackup.agent.Host;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.cli.view.DrillView;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.drill.Drill;
import io.pgbackup.drill.DrillCheck;
import io.pgbackup.drill.DrillListener;
import io.pgbackup.drill.DrillRequest;
import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.drill.DrillVerdicts;
import io.pgbackup.drill.RandomInstant;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.problem.ExitStatus;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestoreStep;
import io.pgbackup.restore.TargetTime;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExitCodeGenerator;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "drill",
    description = {
      "Restore into a directory that is thrown away, check what came out, and measure how long it"
          + " took.",
      "Looks at page checksums, at btree indexes with amcheck, and at what --probe asks. The verdict"
          + " is stored beside the backups where the credential may write there. A failure ends in"
          + " status 7."
    },
    footer = {
      "",
      "Examples:",
      "  pgbackup --config agent.yaml drill",
      "  pgbackup --config agent.yaml drill --random --probe 'SELECT count(*) > 0 FROM orders'",
      "  pgbackup --store s3://backups drill --cluster orders --work-dir /srv/drills -o json",
    })
final class DrillCommand extends Verb implements IExitCodeGenerator {
  @Mixin private final LineageOptions options = new LineageOptions();

  @ArgGroup private final Target target = new Target();

  @Option(
      names = "--probe",
      paramLabel = "SQL",
      description =
          "A statement that must hold in the restored data: it fails on an error, on no row, and"
              + " where the first value is false or NULL. Once for each.")
  private List<String> probes = List.of();

  @Option(
      names = "--probe-database",
      paramLabel = "NAME",
      description =
          "The database that probes are put to; the configuration's if left out, else 'postgres'.")
  private @Nullable String database;

  @Option(
      names = "--work-dir",
      paramLabel = "DIR",
      description =
          "Where the throwaway directory is made; the system's temporary one if left out.")
  private @Nullable Path workDirectory;

  @Option(names = "--keep", description = "Leave the restored data there, stopped.")
  private boolean keep;

  @Option(
      names = "--pg-bin-dir",
      paramLabel = "DIR",
      description =
          "PostgreSQL's programs, of the backup's major version; else they are looked for.")
  private @Nullable Path binDirectory;

  private ExitStatus status = ExitStatus.DONE;

  /// Without any of them everything that was archived.
  static final class Target {
    @Option(
        names = "--timestamp",
        paramLabel = "T",
        description = "To this instant, with its offset from UTC: 2026-11-21T02:13:37Z.")
    private @Nullable String timestamp;

    @Option(names = "--random", description = "To an instant drawn from all that can be restored.")
    private boolean random;

    @Option(names = "--latest", description = "Everything that was archived, as without an option.")
    @SuppressWarnings("UnusedVariable")
    private boolean latest;
  }

  DrillCommand(Surroundings surroundings) {
    super(surroundings);
  }

  @Override
  public void run() {
    Configuration configuration = options.in(configuration());
    Optional<ClusterId> asked = options.oneCluster(configuration);
    LocalPostgres process = new LocalPostgres();
    Optional<Path> programs = Optional.ofNullable(binDirectory);
    try (Archives archives = Archives.open(configuration);
        Restores restores =
            Restores.of(archives, configuration, surroundings().clock(), surroundings().local())) {
      Reading reading = archives.read(asked, options.uid());
      reading.requireLineage(asked, options.uid());
      reading.requireAny();
      reading.notices(false).forEach(this::say);
      DrillRequest request = request(configuration, asked, reading, restores);
      Drill drill =
          new Drill(restores.runner(programs, process), process, programs, surroundings().clock());
      drill.sweep(request.folder());
      say(DrillView.begin(request));
      DrillVerdict verdict;
      try (var _ = EndedEarly.by(drill::abort)) {
        verdict = drill.run(request, new Words());
      }
      Optional<String> stored = store(archives, request.plan(), verdict);
      print(
          () -> JsonOutput.render(DrillView.json(verdict, stored)),
          () -> DrillView.text(verdict, stored));
      if (!verdict.passed()) {
        status = ExitStatus.VERIFICATION;
      }
    }
  }

  private DrillRequest request(
      Configuration configuration, Optional<ClusterId> asked, Reading reading, Restores restores) {
    ClusterId cluster = asked.orElseGet(() -> reading.catalogs().getFirst().lineage().cluster());
    List<LineageCatalog> catalogs = reading.catalogs();
    RecoveryTarget to;
    Optional<LineageUid> uid = options.uid();
    if (target.timestamp != null) {
      to = new RecoveryTarget.AtTime(TargetTime.parse(target.timestamp, surroundings().local()));
    } else {
      LineageCatalog newest = newest(cluster, catalogs);
      uid = Optional.of(newest.lineage().uid());
      to = target.random ? random(cluster, newest) : new RecoveryTarget.Latest();
    }
    RestorePlan plan = restores.plan(cluster, catalogs, uid, to, Optional.empty());
    return new DrillRequest(
        plan,
        catalogs.stream()
            .filter(catalog -> catalog.lineage().equals(plan.lineage()))
            .findFirst()
            .flatMap(LineageCatalog::lastCommit),
        Optional.ofNullable(workDirectory)
            .orElseGet(() -> Path.of(System.getProperty("java.io.tmpdir", "/tmp"))),
        probes,
        Optional.ofNullable(database)
            .or(() -> configuration.own().map(PgBackupConfig::postgres).map(it -> it.database()))
            .orElse("postgres"),
        keep,
        Host.name());
  }

  /// Of several lineages the one that goes on.
  private static LineageCatalog newest(ClusterId cluster, List<LineageCatalog> catalogs) {
    return catalogs.stream()
        .max(
            Comparator.comparing(
                (LineageCatalog catalog) -> catalog.lastCommit().orElse(Instant.EPOCH)))
        .orElseThrow(
            () ->
                Problem.notFound(
                        cluster + " has no backups", "'pgbackup clusters' lists what is there.")
                    .asException());
  }

  private static RecoveryTarget random(ClusterId cluster, LineageCatalog catalog) {
    List<RecoveryWindow> windows = catalog.windows();
    return RandomInstant.in(windows, RandomGenerator.getDefault())
        .map(RecoveryTarget.AtTime::new)
        .orElseThrow(
            () ->
                Problem.refused(
                        cluster + " has no recovery window to draw an instant from",
                        "'pgbackup window' says why; --latest restores what there is.")
                    .asException());
  }

  /// @return where it lies; nothing where it could not be stored, which is said
  private Optional<String> store(Archives archives, RestorePlan plan, DrillVerdict verdict) {
    if (plan.lineage().claim().isEmpty()) {
      say(
          "the verdict was not stored: this archive is another program's, and nothing is written into it");
      return Optional.empty();
    }
    try {
      return Optional.of(
          new DrillVerdicts(archives.live()).store(plan.lineage().prefix(), verdict).value());
    } catch (PgBackupException e) {
      say("the verdict was not stored: " + e.problem().message());
      return Optional.empty();
    }
  }

  private final class Words implements DrillListener {
    @Override
    public void begun(RestoreStep step) {
      say(step.description());
    }

    @Override
    public void warning(String message) {
      say("warning: " + message);
    }

    @Override
    public void checked(DrillCheck check) {
      // else it is printed with the others
      if (asJson()) {
        say(DrillView.line(check));
      }
    }

    @Override
    public void kept(Path dataDirectory) {
      say("the restored data stay in " + dataDirectory);
    }
  }

  @Override
  public int getExitCode() {
    return status.code();
  }
}
