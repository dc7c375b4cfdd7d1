package io.pgbackup.doctor;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialScope;
import io.pgbackup.credentials.CredentialState;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.credentials.r2.CloudflareAccess;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import io.pgbackup.store.probe.BareStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Examines one server's set-up: what its configuration names, as it is now. Changes nothing but a
/// few small objects in a folder of its own, which it removes where it may.
public final class Doctor {
  private static final Duration MOST = Duration.ofSeconds(20);

  private final PgBackupConfig config;
  private final String host;
  private final Clock clock;
  private final Optional<CloudflareAccess> cloudflare;

  /// @param host this machine's name
  /// @param cloudflare to look at the lock rules of a bucket of R2
  public Doctor(
      PgBackupConfig config, String host, Clock clock, Optional<CloudflareAccess> cloudflare) {
    this.config = config;
    this.host = host;
    this.clock = clock;
    this.cloudflare = cloudflare;
  }

  /// @param only these groups, where there are any; what they are about must then be there, while a
  ///   server or an agent that does not run is otherwise left out
  /// @param told of each finding as it comes
  public Diagnosis examine(Set<Group> only, Consumer<Finding> told) {
    Set<Group> groups = only.isEmpty() ? EnumSet.allOf(Group.class) : only;
    Examination examination = new Examination(MOST, told);
    List<CheckGroup> checks = new ArrayList<>();
    try (Opened opened = new Opened()) {
      Optional<StoreDialect> dialect = store(checks, opened);
      Supplier<ObjectStore> archive = () -> opened.archive(config.storage());
      checks.add(new PostgresChecks(config, only.contains(Group.POSTGRES), archive).group());
      checks.add(new EngineChecks(config).group());
      checks.add(new EncryptionChecks(config, archive).group());
      checks.add(new AgentChecks(config, only.contains(Group.AGENT), clock).group());
      List<Finding> findings =
          examination.run(checks.stream().filter(group -> groups.contains(group.group())).toList());
      return new Diagnosis(
          findings, dialect.filter(_ -> groups.contains(Group.STORAGE)).map(StoreDialect::profile));
    }
  }

  private Optional<StoreDialect> store(List<CheckGroup> checks, Opened opened) {
    StorageConfig storage = config.storage();
    StoreFolder folder =
        new PrefixTemplate(storage.prefix())
            .clusterFolder(new ClusterId(config.cluster().namespace(), config.cluster().name()));
    ProbeKeys keys = new ProbeKeys(folder, host);
    try {
      if (!"s3".equals(storage.url().getScheme())) {
        ObjectStore store = opened.add(Stores.open(storage));
        checks.add(new DirectoryStore(store, Path.of(storage.url()), keys).group());
        String reason = "a directory has no credentials; its files' owner may do everything";
        checks.add(skipped(Group.PERMISSIONS, reason));
        checks.add(skipped(Group.ISOLATION, reason));
        return Optional.empty();
      }
      BareStore store = opened.add(Stores.bare(storage));
      CredentialState credential = StoreCredentials.of(storage, scope(folder), clock).state();
      Expectation expectation = Expectation.of(credential.role(), config);
      StoreDialect dialect =
          new StoreDialect(store, storage.endpoint(), storage.dialect(), keys, credential, clock);
      checks.add(
          LockRuleCheck.of(config, cloudflare, () -> opened.archive(storage))
              .map(check -> dialect.group().and(check))
              .orElseGet(dialect::group));
      checks.add(new Permissions(store, keys, expectation).group());
      checks.add(
          folder.path().isEmpty()
              ? skipped(Group.ISOLATION, "the archive is the whole bucket")
              : new Isolation(store, keys, expectation).group());
      return Optional.of(dialect);
    } catch (PgBackupException e) {
      Outcome failure = Outcome.fail(e.problem());
      checks.add(CheckGroup.of(Group.STORAGE, List.of(Check.of("configured", () -> failure))));
      return Optional.empty();
    }
  }

  /// Of whatever role: it is judged by the one it has.
  private CredentialScope scope(StoreFolder folder) {
    CredentialScope archiver = CredentialScope.archiverOf(folder, config.storage());
    return new CredentialScope(archiver.bucket(), archiver.folder(), Optional.empty());
  }

  private static CheckGroup skipped(Group group, String reason) {
    return CheckGroup.of(group, List.of(Check.of("all", () -> Outcome.skip(reason))));
  }
}
