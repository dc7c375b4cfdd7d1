package io.pgbackup.doctor;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.config.Durations;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.R2Account;
import io.pgbackup.credentials.r2.CloudflareAccess;
import io.pgbackup.credentials.r2.LockRules;
import io.pgbackup.credentials.r2.R2Locks;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Whether the lock rules of a bucket of R2 protect this cluster's archives for as long as they are
/// kept, and leave alone what changes. Looks only.
final class LockRuleCheck {
  private static final String NAME = "lock-rules";

  private final Supplier<LockRules> rules;
  private final Supplier<List<StoreFolder>> archives;
  private final Duration window;

  /// @param archives the cluster's
  /// @param window how long each object should be locked at least
  LockRuleCheck(Supplier<LockRules> rules, Supplier<List<StoreFolder>> archives, Duration window) {
    this.rules = rules;
    this.archives = archives;
    this.window = window;
  }

  /// Nothing to ask where the bucket is not R2's.
  static Optional<Check> of(
      PgBackupConfig config, Optional<CloudflareAccess> cloudflare, Supplier<ObjectStore> store) {
    return config
        .storage()
        .endpoint()
        .flatMap(R2Account::of)
        .map(
            account ->
                Check.of(
                    NAME,
                    cloudflare
                        .map(access -> looking(config, access, account, store))
                        .orElse(LockRuleCheck::without)));
  }

  private static Outcome without() {
    return Outcome.skip(
        "not looked at: the bucket's lock rules are shown to an API token only"
            + " (--cloudflare-token-file, or 'credentials lock --plan' where the broker runs)");
  }

  private static Supplier<Outcome> looking(
      PgBackupConfig config,
      CloudflareAccess access,
      R2Account account,
      Supplier<ObjectStore> store) {
    return () -> {
      try (R2Locks locks = new R2Locks(access, account, config.storage().url().getAuthority())) {
        return new LockRuleCheck(
                locks::read, () -> archives(config, store.get()), config.retention().window())
            .judge();
      }
    };
  }

  private static List<StoreFolder> archives(PgBackupConfig config, ObjectStore store) {
    ClusterId cluster = new ClusterId(config.cluster().namespace(), config.cluster().name());
    return new Catalog(store)
            .discover(new PrefixTemplate(config.storage().prefix()), Optional.of(cluster))
            .lineages()
            .stream()
            .filter(lineage -> lineage.cluster().equals(cluster))
            .map(Lineage::prefix)
            .toList();
  }

  Outcome judge() {
    try {
      return judge(rules.get(), archives.get());
    } catch (PgBackupException e) {
      return Outcome.fail(e.problem());
    }
  }

  private Outcome judge(LockRules found, List<StoreFolder> folders) {
    if (folders.isEmpty()) {
      return Outcome.skip("there is no archive of this cluster yet");
    }
    Optional<LockRules.Obstacle> obstacle =
        folders.stream().flatMap(folder -> found.obstacles(folder).stream()).findFirst();
    if (obstacle.isPresent()) {
      return Outcome.fail(
          Problem.misconfigured(
              "the lock rule '%s' locks %s, which must stay changeable"
                  .formatted(obstacle.get().rule().id(), obstacle.get().prefix()),
              "Without a lease no base backup can be taken. Remove the rule in the Cloudflare"
                  + " dashboard; 'pgbackup credentials lock' locks what may be locked."));
    }
    List<String> open =
        folders.stream().flatMap(folder -> found.unlocked(folder, window).stream()).toList();
    if (!open.isEmpty()) {
      return Outcome.warn(
          "no rule locks %s%s for %s"
              .formatted(
                  open.getFirst(),
                  open.size() == 1 ? "" : " and %d more".formatted(open.size() - 1),
                  Durations.print(window)),
          "Run 'pgbackup credentials lock --retain %s' where the broker runs."
              .formatted(Durations.print(window)));
    }
    return Outcome.pass(
        "base backups, WAL, manifests and claims are locked for %s at least, leases are not"
            .formatted(Durations.print(window)));
  }
}
