package io.pgbackup.cli.command;

import static java.util.Objects.requireNonNull;

import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.cli.output.OutputFormat;
import io.pgbackup.cli.output.Table;
import io.pgbackup.config.BrokerSettings;
import io.pgbackup.config.Durations;
import io.pgbackup.config.R2Account;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.broker.Inventory;
import io.pgbackup.credentials.r2.CloudflareAccess;
import io.pgbackup.credentials.r2.LockPlan;
import io.pgbackup.credentials.r2.LockPlan.Change;
import io.pgbackup.credentials.r2.LockPlan.Kind;
import io.pgbackup.credentials.r2.LockRule;
import io.pgbackup.credentials.r2.R2Locks;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "lock",
    description = "Lock archives in a bucket of Cloudflare R2 by lock rules.",
    footer = {
      "",
      "What a lineage writes once (base backups, WAL, manifests, the claim) can then be neither deleted",
      "nor overwritten until it is that old; leases stay free. Rules of others stay as they are. Writes",
      "nothing where all is locked already: run it again after a restore or a major upgrade, which begin",
      "a new lineage.",
      "",
      "Examples:",
      "  pgbackup -c broker.yaml credentials lock --retain 14d --cloudflare-token-file token --plan",
      "  pgbackup -c broker.yaml credentials lock --retain 14d --cloudflare-token-file token",
    })
final class LockCommand extends CredentialVerb {
  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      description = "The cluster's namespace; 'default' if left out.")
  private String namespace = ClusterId.DEFAULT_NAMESPACE;

  @Option(
      names = "--cluster",
      paramLabel = "NAME",
      description = "This cluster's archives; those of all clusters if left out.")
  private @Nullable String cluster;

  @Option(
      names = "--retain",
      paramLabel = "SPAN",
      required = true,
      description = "How long each object is locked from when it was written, as in 14d.")
  private @Nullable String retain;

  @Option(names = "--plan", description = "Only show what would be done.")
  private boolean plan;

  @Option(
      names = "--shorten",
      description = "Also where a rule of ours locks for longer than that.")
  private boolean shorten;

  @Mixin private final CloudflareOptions cloudflare = new CloudflareOptions();

  LockCommand(Surroundings surroundings) {
    super(surroundings);
  }

  /// One rule, as scripts read it.
  record Line(
      String change,
      String rule,
      String prefix,
      long maxAgeSeconds,
      @Nullable Long maxAgeSecondsBefore) {
    static Line of(Change change) {
      return new Line(
          change.kind().word(),
          change.rule().id(),
          change.rule().prefix(),
          seconds(change.rule()).orElseThrow(),
          change.before().flatMap(Line::seconds).orElse(null));
    }

    private static Optional<Long> seconds(LockRule rule) {
      return rule.age().map(Duration::toSeconds);
    }
  }

  @Override
  List<OutputFormat> formats() {
    return List.of(OutputFormat.TABLE, OutputFormat.JSON);
  }

  @Override
  void run(BrokerSettings settings, Brokerage brokerage) {
    R2Account account = account(settings);
    CloudflareAccess access =
        cloudflare
            .access()
            .orElseThrow(
                () ->
                    Problem.misconfigured(
                            "no --cloudflare-token-file",
                            "Lock rules are read and written by Cloudflare's own API, with a token"
                                + " that no broker and no agent holds.")
                        .asException());
    Duration age = LineageOptions.value("--retain", requireNonNull(retain), Durations::parse);
    List<StoreFolder> archives = archives(brokerage);
    if (archives.isEmpty()) {
      say("there is no archive yet, and a lock rule is for one; run this again when there is");
      print(() -> JsonOutput.render(List.of()), () -> "");
      return;
    }
    try (R2Locks locks = new R2Locks(access, account, settings.storage().url().getAuthority())) {
      LockPlan done = plan ? locks.read().plan(archives, age) : locks.apply(archives, age, shorten);
      show(done, archives);
    }
  }

  private static R2Account account(BrokerSettings settings) {
    return settings
        .broker()
        .r2Account()
        .orElseThrow(
            () ->
                Problem.misconfigured(
                        "lock rules are Cloudflare R2's, and broker.kind is another",
                        "On AWS and MinIO give the bucket versions and an object lock, as"
                            + " docs/immutability.md shows.")
                    .asException());
  }

  private List<StoreFolder> archives(Brokerage brokerage) {
    Stream<Holder> holders =
        cluster == null
            ? brokerage.clusters().entries().stream()
                .map(Inventory.Entry::cluster)
                .distinct()
                .flatMap(it -> brokerage.clusters().all(it).stream())
            : brokerage
                .clusters()
                .all(
                    LineageOptions.value(
                        "--cluster", cluster, name -> new ClusterId(namespace, name)))
                .stream();
    return holders.flatMap(holder -> brokerage.archives(holder).stream()).distinct().toList();
  }

  private void show(LockPlan done, List<StoreFolder> archives) {
    List<Line> lines = done.changes().stream().map(Line::of).toList();
    print(() -> JsonOutput.render(lines), () -> table(done));
    for (StoreFolder archive : archives) {
      done.after()
          .obstacles(archive)
          .forEach(
              obstacle ->
                  say(
                      "WARNING: the lock rule '%s' locks %s, which must stay changeable: remove it in the Cloudflare dashboard"
                          .formatted(obstacle.rule().id(), obstacle.prefix())));
    }
    if (plan && done.shortens()) {
      say("what is called shorten is done with --shorten only");
    }
    String state =
        done.isDone()
            ? "nothing to change"
            : plan ? "nothing was changed" : "written and read back";
    say("%s; %d rules of others stay as they are".formatted(state, done.others()));
  }

  private static String table(LockPlan done) {
    Table table = new Table("CHANGE", "RULE", "PREFIX", "LOCKED FOR");
    for (Change change : done.changes()) {
      table.row(
          change.kind().word(),
          change.rule().id(),
          change.rule().prefix(),
          change.kind() == Kind.LENGTHEN || change.kind() == Kind.SHORTEN
              ? "%s, was %s"
                  .formatted(span(change.rule()), change.before().map(LockCommand::span).orElse(""))
              : span(change.rule()));
    }
    return table.render();
  }

  private static String span(LockRule rule) {
    return rule.isForever() ? "ever" : rule.age().map(Durations::print).orElse("another condition");
  }
}
