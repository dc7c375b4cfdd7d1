package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.restore.ProtectedServer;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestoreListener;
import io.pgbackup.retention.Policies;
import io.pgbackup.retention.RetentionRules;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FaultyProxy.Fault;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// P76: `kill -9` of `retention apply` at its deletions, again and again until one run comes to its
/// end.
class KilledRetentionIT {
  private static final RetentionRules TWO =
      new RetentionRules(2, Duration.ZERO, 0, 0, 0, 0, ZoneOffset.UTC);
  private static final int KILLED = 128 + 9;
  private static final String CONTENT = "select id from account order by id";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  @Test
  void whatIsOfferedIsAlwaysWholeAndTheLastRunFinishes() throws Exception {
    long seed = Long.getLong("pgbackup.seed", System.nanoTime());
    Random random = new Random(seed);
    S3Server s3 = S3Server.shared();
    String bucket = s3.newBucket();
    try (FaultyProxy proxy = FaultyProxy.before(s3.endpoint());
        TestArchive archive = TestArchive.s3(s3.storageConfig(bucket));
        TestArchive broken = TestArchive.s3(s3.storageConfig(bucket, proxy.endpoint()));
        ProtectedServer server =
            new ProtectedServer(PostgresRelease.NEWEST, archive.store(), folder)) {
      StoreFolder prefix = server.layout(server.uid()).prefix();
      server.postgres.sql("create table account (id int)");
      List<BackupName> taken = backUp(server, 5);
      Instant instant = server.now();
      server.postgres.sql("insert into account values (1000)");
      server.archiveEverything();
      new Policies(archive.store(), InstantSource.system()).store(prefix, TWO, "a test");
      String config = config("direct", archive);
      String breaking = config("broken", broken);

      int kills = 0;
      while (killed(proxy, breaking, 2 + random.nextInt(2), random.nextBoolean())) {
        kills++;
        isWhole(server, taken, config, "seed %d, killed %d times".formatted(seed, kills));
        endLeases(archive.store(), prefix);
      }

      assertThat(kills).as("seed %d", seed).isPositive();
      isWhole(server, taken, config, "seed " + seed);
      assertThat(offered(server)).isEqualTo(taken.subList(3, 5));
      assertThat(Run.of("--config", config, "retention", "plan").out())
          .endsWith("  nothing to delete\n");
      assertThat(restored(server, instant)).isEqualTo(List.of("1", "2", "3", "4", "5"));
    }
  }

  private static List<BackupName> backUp(ProtectedServer server, int count) {
    List<BackupName> names = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      server.postgres.sql("insert into account values (%d); select pg_switch_wal()".formatted(i));
      names.add(server.backUp().name());
    }
    return names;
  }

  private String config(String name, TestArchive archive) throws IOException {
    return Files.writeString(
            folder.resolve(name + ".yaml"),
            "cluster: { name: orders }\nretention: { run: job }\n" + archive.yaml())
        .toString();
  }

  /// @param deletion which request for one kills
  /// @param done whether the store still does it
  /// @return whether the run came so far; otherwise it has done its work
  private boolean killed(FaultyProxy proxy, String config, int deletion, boolean done)
      throws Exception {
    CompletableFuture<Process> process = new CompletableFuture<>();
    AtomicInteger deletions = new AtomicInteger();
    try (FaultyProxy.Storm _ =
        proxy.storm(
            request ->
                request.is("POST", "?delete")
                    && deletions.incrementAndGet() == deletion
                    && kill(process.join()),
            done ? new Fault.LoseAnswer() : new Fault.LoseRequest())) {
      Path log = folder.resolve("retention.log");
      Process run =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  "io.pgbackup.cli.PgBackup",
                  "--config",
                  config,
                  "retention",
                  "apply")
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      process.complete(run);
      int status = run.waitFor();
      assertThat(status).as(Files.readString(log)).isIn(0, KILLED);
      return status == KILLED;
    }
  }

  private static boolean kill(Process process) {
    try {
      process.destroyForcibly().waitFor();
      return true;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The newest two always, and whatever else is still offered.
  private static void isWhole(
      ProtectedServer server, List<BackupName> taken, String config, String when) {
    assertThat(offered(server)).as(when).containsAll(taken.subList(3, 5));
    Run verify = Run.of("--config", config, "verify", "--all");
    assertThat(verify.status()).as("%s: %s%s", when, verify.out(), verify.err()).isZero();
  }

  private static List<BackupName> offered(ProtectedServer server) {
    return server.catalog(server.uid()).backups().stream().map(BaseBackup::name).toList();
  }

  /// As a minute later, in which nobody renews them.
  private static void endLeases(ObjectStore store, StoreFolder prefix) {
    try (Stream<StoredObject> leases = store.list(prefix.path() + "pgbackup/leases/")) {
      assertThat(store.delete(leases.map(StoredObject::key).toList())).isEmpty();
    }
  }

  private List<String> restored(ProtectedServer server, Instant instant) {
    Path target = folder.resolve("restored");
    server
        .bench()
        .runner()
        .run(
            server.plan(server.uid(), new RecoveryTarget.AtTime(instant)),
            new RestoreDestination.NewDirectory(target, Optional.empty()),
            RestoreListener.SILENT);
    try (TestPostgres restored =
        TestPostgres.over(PostgresRelease.NEWEST, target, Map.of("archive_mode", "off"))) {
      return restored.start().sql(CONTENT);
    }
  }
}
