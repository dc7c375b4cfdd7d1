package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.engine.embedded.StockWalg;
import io.pgbackup.lineage.Leases;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.retention.Holds;
import io.pgbackup.retention.RetentionOutcome;
import io.pgbackup.retention.RetentionReader;
import io.pgbackup.retention.RetentionRules;
import io.pgbackup.retention.RetentionRunner;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.SessionCredentials;
import io.pgbackup.testing.TestPostgres;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real servers' archives after the rules were applied: what was to stay restores, nothing else is
/// gone.
class ExpiredArchiveIT {
  private static final String CONTENT =
      "select count(*) || ':' || md5(string_agg(id || owner, ',' order by id)) from account";

  /// What was left behind is old enough only the day after tomorrow.
  private static final Duration LATER = Duration.ofDays(2);

  private static final RetentionRules TWO =
      new RetentionRules(2, Duration.ZERO, 0, 0, 0, 0, ZoneOffset.UTC);

  private static final Pattern SEGMENT = Pattern.compile("[0-9A-F]{24}");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  /// An instant, and what the table held then.
  private record Moment(Instant instant, String content) {}

  @Test
  void inABucketWhatStaysRestoresAfterARunThatWasKilledAndRepeated() {
    S3Server server = S3Server.shared();
    try (ObjectStore store = S3ObjectStore.open(server.storageConfig(server.newBucket()))) {
      killedAndRepeated(store);
    }
  }

  @Test
  void inADirectoryToo() throws Exception {
    try (ObjectStore store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")))) {
      killedAndRepeated(store);
    }
  }

  private void killedAndRepeated(ObjectStore store) {
    try (ProtectedServer server = new ProtectedServer(PostgresRelease.NEWEST, store, folder)) {
      List<Moment> moments = story(server, 4);
      Set<ObjectKey> before = archive(store);

      assertThatThrownBy(() -> apply(killedAt(store, 3), server))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("killed");
      assertThat(server.catalog(server.uid()).backups())
          .allMatch(server.catalog(server.uid())::hasWalOf)
          .hasSize(2);
      RetentionOutcome outcome = apply(store, server);

      assertThat(outcome.complete()).isTrue();
      List<BaseBackup> left = server.catalog(server.uid()).backups();
      assertThat(left).hasSize(2);
      String oldest = left.getFirst().name().startSegment();
      assertThat(archive(store))
          .as("nothing else is gone")
          .isEqualTo(
              before.stream().filter(key -> !isOlder(key, oldest)).collect(Collectors.toSet()));

      Moment first = moments.get(2);
      assertThat(first.instant()).isAfter(left.getFirst().finishTime());
      Path target = folder.resolve("restored");
      server
          .bench()
          .runner()
          .run(
              server.plan(server.uid(), first.instant()),
              new RestoreDestination.NewDirectory(target, Optional.empty()),
              RestoreListener.SILENT);
      assertThat(contentOf(target)).isEqualTo(first.content());
      assertThatThrownBy(() -> server.plan(server.uid(), moments.getFirst().instant()))
          .hasMessageContaining("before the recovery window");
    }
  }

  @Test
  void aCredentialThatMayNotDeleteSaysSoAndOneThatMayDoesIt() throws Exception {
    S3Server s3 = S3Server.shared();
    String bucket = s3.newBucket();
    StorageConfig storage = s3.storageConfig(bucket);
    try (ObjectStore store = S3ObjectStore.open(storage);
        ProtectedServer server = new ProtectedServer(PostgresRelease.NEWEST, store, folder)) {
      story(server, 3);
      Set<ObjectKey> before = archive(store);
      ClusterScope scope =
          new ClusterScope(bucket, PrefixTemplate.DEFAULT.clusterFolder(ProtectedServer.CLUSTER));
      try (ObjectStore archiver = limited(s3, storage, scope, Role.ARCHIVER)) {
        RetentionOutcome outcome = apply(archiver, server);
        assertThat(outcome.deletedObjects()).isZero();
        assertThat(outcome.stopped().orElseThrow()).contains("AccessDenied");
        assertThat(outcome.plan().backups()).hasSize(3);
      }
      assertThat(archive(store)).isEqualTo(before);
      try (ObjectStore retention = limited(s3, storage, scope, Role.RETENTION)) {
        assertThat(apply(retention, server).complete()).isTrue();
      }
      assertThat(server.catalog(server.uid()).backups()).hasSize(2);
    }
  }

  @Test
  void stockWalgListsAndFetchesWhatRemains() throws Exception {
    Path root = Files.createDirectory(folder.resolve("store"));
    try (ObjectStore store = FileObjectStore.open(root);
        ProtectedServer server = new ProtectedServer(PostgresRelease.NEWEST, store, folder)) {
      StockWalg walg = StockWalg.over(root.resolve(server.layout(server.uid()).prefix().path()));
      story(server, 3);
      apply(store, server);
      List<BaseBackup> left = server.catalog(server.uid()).backups();
      assertThat(walg.run("backup-list").succeeded().output())
          .contains(left.get(0).name().value(), left.get(1).name().value());
      walg.run("backup-fetch", folder.resolve("fetched").toString(), left.get(0).name().value())
          .succeeded();
      assertThat(folder.resolve("fetched/PG_VERSION")).exists();
    }
  }

  private ObjectStore limited(S3Server s3, StorageConfig storage, ClusterScope scope, Role role)
      throws Exception {
    return S3ObjectStore.open(
        SessionCredentials.limit(
            s3,
            storage,
            AccessPolicy.of(role, scope).json(),
            Files.createDirectory(folder.resolve(role.word()))));
  }

  /// Rows, a base backup, more rows, and so on; each moment lies behind its backup.
  private static List<Moment> story(ProtectedServer server, int backups) {
    TestPostgres postgres = server.postgres;
    postgres.sql("create table account (id serial, owner text)");
    List<Moment> moments = new ArrayList<>();
    for (int i = 0; i < backups; i++) {
      var _ = server.backUp();
      postgres.sql("insert into account (owner) select 'owner' from generate_series(1, 1000)");
      moments.add(new Moment(server.now(), postgres.value(CONTENT)));
      server.archiveEverything();
    }
    return moments;
  }

  private static RetentionOutcome apply(ObjectStore today, ProtectedServer server) {
    Clock clock = Clock.offset(Clock.systemUTC(), LATER);
    ObjectStore store = later(today);
    Leases leases = new Leases(store, clock);
    LineageUid uid = server.uid();
    Catalog catalog = new Catalog(store);
    Lineage lineage = catalog.discoverIn(server.layout(uid).prefix()).lineages().getFirst();
    return new RetentionRunner(
            store,
            new RetentionReader(catalog, new Holds(store, clock), leases, clock),
            leases,
            "a test")
        .apply(lineage, TWO);
  }

  /// The store until so many calls have deleted something.
  private static ObjectStore killedAt(ObjectStore store, int calls) {
    AtomicInteger left = new AtomicInteger(calls);
    return proxy(
        (_, method, arguments) -> {
          if (method.getName().startsWith("delete") && left.decrementAndGet() < 0) {
            throw new IllegalStateException("killed");
          }
          return invoke(store, method, arguments);
        });
  }

  /// The store, whose clock goes with ours: by that of what it says of one object, as of a lease.
  private static ObjectStore later(ObjectStore store) {
    return proxy(
        (_, method, arguments) -> {
          Object answer = invoke(store, method, arguments);
          return method.getName().equals("head") && answer instanceof Optional<?> found
              ? found.map(StoredObject.class::cast).map(ExpiredArchiveIT::later)
              : answer;
        });
  }

  private static StoredObject later(StoredObject object) {
    return new StoredObject(
        object.key(),
        object.size(),
        object.modified().plus(LATER),
        object.version(),
        object.metadata());
  }

  private static ObjectStore proxy(InvocationHandler handler) {
    return (ObjectStore)
        Proxy.newProxyInstance(
            ObjectStore.class.getClassLoader(), new Class<?>[] {ObjectStore.class}, handler);
  }

  private static @Nullable Object invoke(ObjectStore store, Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(store, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static Set<ObjectKey> archive(ObjectStore store) {
    return store
        .list("")
        .map(StoredObject::key)
        .filter(key -> !key.value().contains("/pgbackup/leases/"))
        .collect(Collectors.toSet());
  }

  /// Whether it belongs to a backup or a segment before this one.
  private static boolean isOlder(ObjectKey key, String segment) {
    return SEGMENT
        .matcher(key.value())
        .results()
        .findFirst()
        .map(match -> match.group().compareTo(segment) < 0)
        .orElse(false);
  }

  private static String contentOf(Path dataDirectory) {
    try (TestPostgres restored =
        TestPostgres.over(
            PostgresRelease.NEWEST, dataDirectory, Map.of("archive_command", "false"))) {
      restored.start();
      return restored.value(CONTENT);
    }
  }
}
