package io.pgbackup.cli.command;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.source.Configuration;
import io.pgbackup.cli.view.RestoreView;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.postgres.process.PostgresProcess;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestoreResult;
import io.pgbackup.restore.RestoreRunner;
import io.pgbackup.restore.TablespaceMapping;
import io.pgbackup.restore.TablespaceTargets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What `restore` and `clone` share: from which lineage, to which instant, planned and checked
/// before anything is touched.
abstract class RestoringVerb extends Verb {
  @Mixin private final LineageOptions options = new LineageOptions();
  @Mixin private final AsOfOption asOf = new AsOfOption();

  @ArgGroup(multiplicity = "1")
  private final TargetOptions targetOptions = new TargetOptions();

  @Option(
      names = "--timeline",
      paramLabel = "N",
      description =
          "Along the way to this timeline instead of the newest; 'pgbackup window' names others.")
  private @Nullable Long timeline;

  @Option(names = "--plan", description = "Check, print what would be done, and do nothing.")
  private boolean planOnly;

  @Option(
      names = "--pg-bin-dir",
      paramLabel = "DIR",
      description =
          "PostgreSQL's programs, of the backup's major version; else they are looked for.")
  private @Nullable Path binDirectory;

  @Option(
      names = "--tablespace",
      paramLabel = "WHICH=DIR",
      description =
          "A place for a tablespace, which is its number, its name or its old directory; once for"
              + " each.")
  private List<String> tablespaces = List.of();

  RestoringVerb(Surroundings surroundings) {
    super(surroundings);
  }

  /// Where the data go.
  ///
  /// @param source the cluster that is restored
  abstract RestoreDestination destination(ClusterId source);

  /// Asks before anything of the user's is changed.
  abstract void confirm(RestoreDestination destination);

  /// The restore itself.
  RestoreResult restore(
      RestoreRunner runner, RestorePlan plan, RestoreDestination destination, Progress progress) {
    return runner.run(plan, destination, progress);
  }

  /// What reaches the archive that is restored from.
  ///
  /// @param named by the options that every verb has
  Configuration source(Configuration named) {
    return named;
  }

  /// Looks at this machine before anything is changed.
  void check(RestoreRunner runner, RestorePlan plan, RestoreDestination destination) {
    runner.check(plan, destination);
  }

  /// What else a printed plan says, for a person.
  String appendix(RestorePlan plan, Configuration configuration) {
    return "";
  }

  /// Whether there is nothing to do, which it says; the store is not asked then.
  boolean isDone() {
    return false;
  }

  /// Refuses what only this verb minds.
  void consider(Archives archives, RestorePlan plan) {
    // most verbs mind nothing more
  }

  /// The lineage that was asked for.
  Optional<LineageUid> uid() {
    return options.uid();
  }

  /// Of the data that lie here now, where that can be known.
  private Optional<LineageUid> uidNow(Configuration configuration, ClusterId cluster) {
    Optional<Path> here =
        destination(cluster) instanceof RestoreDestination.InPlace inPlace
            ? Optional.of(inPlace.dataDirectory())
            : configuration.own().map(file -> file.postgres().dataDirectory());
    return here.flatMap(DataHere::identity).map(Identity::uid);
  }

  private Optional<Timeline> timeline() {
    return Optional.ofNullable(timeline)
        .map(id -> LineageOptions.value("--timeline", id.toString(), _ -> new Timeline(id)));
  }

  /// Does all of it in another place than this machine, if that is meant.
  ///
  /// @param planOnly whether nothing shall be changed
  /// @return whether it did
  boolean ranElsewhere(boolean planOnly) {
    return false;
  }

  /// Who starts the restored server; the programs of this machine, if nothing else is said.
  PostgresProcess process(RestoreDestination destination) {
    return new LocalPostgres();
  }

  /// What is left to do once the plan stands and was agreed to.
  void carryOut(RestoreRunner runner, RestorePlan plan, RestoreDestination destination) {
    RestoreResult result = restore(runner, plan, destination, new Progress(this::say));
    ZoneId local = surroundings().local();
    print(() -> JsonOutput.render(RestoreView.json(result)), () -> RestoreView.text(result, local));
  }

  /// The options that say which lineage, which instant and along which timeline, as words.
  final List<String> targetWords() {
    List<String> words = new ArrayList<>(targetOptions.words(surroundings().local()));
    options.uid().ifPresent(uid -> words.addAll(List.of("--uid", uid.value())));
    asOf.instant(surroundings()).ifPresent(at -> words.addAll(List.of("--as-of", at.toString())));
    timeline().ifPresent(id -> words.addAll(List.of("--timeline", Long.toString(id.id()))));
    return words;
  }

  final LineageOptions lineageOptions() {
    return options;
  }

  @Override
  public final void run() {
    if (isDone() || ranElsewhere(planOnly)) {
      return;
    }
    ZoneId local = surroundings().local();
    RecoveryTarget target = targetOptions.target(local);
    Configuration configuration = options.in(source(configuration()));
    Optional<ClusterId> asked = options.oneCluster(configuration);
    asked.ifPresent(this::destination);
    Optional<Instant> readAsOf = asOf.instant(surroundings());
    try (Archives archives = Archives.open(configuration, readAsOf);
        Restores restores = Restores.of(archives, configuration, surroundings().clock(), local)) {
      Optional<LineageUid> uid = uid();
      Reading reading = archives.read(asked, uid, timeline());
      reading.requireLineage(asked, uid);
      reading.requireAny();
      archives.notices().forEach(this::say);
      reading.notices(false).forEach(this::say);
      ClusterId cluster = asked.orElseGet(() -> reading.catalogs().getFirst().lineage().cluster());
      RestorePlan plan =
          restores
              .knowing(uidNow(configuration, cluster))
              .plan(cluster, reading.catalogs(), uid, target, timeline())
              .readAsOf(readAsOf);
      consider(archives, plan);
      List<TablespaceMapping> mappings =
          tablespaces.stream().map(TablespaceMapping::parse).toList();
      Map<String, String> names = restores.tablespaceNames(plan, mappings);
      RestoreDestination destination = withTablespaces(plan, destination(cluster), mappings, names);
      RestoreRunner runner =
          restores.runner(Optional.ofNullable(binDirectory), process(destination));
      check(runner, plan, destination);
      if (planOnly) {
        print(
            () -> JsonOutput.render(RestoreView.json(plan, destination, names)),
            () ->
                RestoreView.text(plan, destination, names, local) + appendix(plan, configuration));
        return;
      }
      say(RestoreView.text(plan, destination, names, local).stripTrailing());
      confirm(destination);
      carryOut(runner, plan, destination);
    }
  }

  private RestoreDestination withTablespaces(
      RestorePlan plan,
      RestoreDestination destination,
      List<TablespaceMapping> mappings,
      Map<String, String> names) {
    return switch (destination) {
      case RestoreDestination.NewDirectory directory ->
          directory.with(
              new TablespaceTargets(plan, names).resolve(mappings, directory.dataDirectory()));
      case RestoreDestination.InPlace _ when !mappings.isEmpty() ->
          throw Problem.misconfigured(
                  "tablespaces are not restored in place", "Use --tablespace with --target-dir.")
              .asException();
      case RestoreDestination.InPlace _ -> destination;
    };
  }
}
