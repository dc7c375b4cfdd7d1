package io.pgbackup.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.drill.DrillCheck.Result;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.process.LocalPostgres;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.restore.ProtectedServer;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreRunner;
import io.pgbackup.restore.RestoreServices;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Drills over what a real server left in a real S3 server. Whatever they find, nothing of them is
/// left behind.
class DrillIT {
  /// As PostgreSQL's own test of pg_amcheck damages an index (005_opclass_damage.pl): the index is
  /// sorted one way, and then the comparison says the other.
  private static final String DAMAGE_AN_INDEX =
      """
      create function asc_cmp(a int4, b int4) returns int language sql immutable as
        'select case when $1 = $2 then 0 when $1 > $2 then 1 else -1 end';
      create function desc_cmp(a int4, b int4) returns int language sql immutable as
        'select case when $1 = $2 then 0 when $1 > $2 then -1 else 1 end';
      create operator class fickle_ops for type int4 using btree as
        operator 1 < (int4, int4), operator 2 <= (int4, int4), operator 3 = (int4, int4),
        operator 4 >= (int4, int4), operator 5 > (int4, int4), function 1 asc_cmp(int4, int4);
      create table fickle (i int4);
      insert into fickle select generate_series(1, 1000);
      create index fickle_idx on fickle using btree (i fickle_ops);
      update pg_catalog.pg_amproc set amproc = 'desc_cmp'::regproc
        where amproc = 'asc_cmp'::regproc;
      """;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private ObjectStore store;
  private Path work;

  @BeforeEach
  void open() {
    S3Server s3 = S3Server.shared();
    store = S3ObjectStore.open(s3.storageConfig(s3.newBucket()));
    work = folder.resolve("work");
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    store.close();
    try (Stream<Path> left = Files.list(work)) {
      assertThat(left).isEmpty();
    }
  }

  private Drill drill(ProtectedServer server) {
    RestoreServices services = server.bench().services();
    LocalPostgres process = new LocalPostgres();
    return new Drill(
        new RestoreRunner(
            new RestoreServices(
                services.engines(),
                services.claims(),
                services.leases(),
                services.template(),
                process,
                services.binDirectory(),
                services.clock())),
        process,
        services.binDirectory(),
        Clock.systemUTC());
  }

  private DrillRequest request(ProtectedServer server, String... probes) {
    return new DrillRequest(
        server.plan(server.uid(), new RecoveryTarget.Latest()),
        server.catalog(server.uid()).lastCommit(),
        work,
        List.of(probes),
        "postgres",
        false,
        "here");
  }

  private DrillVerdict run(ProtectedServer server, String... probes) {
    return drill(server).run(request(server, probes), DrillListener.SILENT);
  }

  private static List<String> failed(DrillVerdict verdict) {
    return verdict.checks().stream()
        .filter(check -> check.result() == Result.FAILED)
        .map(check -> check.name() + ": " + check.found())
        .toList();
  }

  @EachRelease
  void aGoodBackupPassesAndABadProbeFails(PostgresRelease release) {
    try (ProtectedServer server = new ProtectedServer(release, store, folder)) {
      server.postgres.sql("create table account as select generate_series(1, 5000) id");
      server.postgres.sql("create unique index on account (id)");
      // whatever a copy is told to do when it starts, it does not do in a drill
      server.postgres.sql("alter system set shared_preload_libraries = 'no_such_library'");
      server.backUp();
      server.postgres.sql("insert into account select generate_series(5001, 6000)");
      server.archiveEverything();

      DrillVerdict verdict =
          run(server, "select count(*) = 6000 from account", "select max(id) from account");

      assertThat(failed(verdict)).isEmpty();
      assertThat(verdict.checks())
          .extracting(DrillCheck::name)
          .containsExactly("restore", "page checksums", "start", "indexes", "probe", "probe");
      assertThat(verdict.checks()).allMatch(check -> check.result() == Result.PASSED);
      assertThat(verdict.recoveryTime()).isPresent();
      assertThat(verdict.dataLoss()).hasValueSatisfying(loss -> assertThat(loss).isPositive());
      assertThat(verdict.restoredTo()).isEqualTo(server.catalog(server.uid()).lastCommit());

      DrillVerdict bad =
          run(
              server,
              "select count(*) = 7000 from account",
              "select 1 from account where id = 9999",
              "select null",
              "select * from orders",
              "delete from account");
      assertThat(bad.passed()).isFalse();
      assertThat(failed(bad))
          .hasSize(4)
          .satisfiesExactly(
              it -> assertThat(it).endsWith("account: f"),
              it -> assertThat(it).endsWith("no row"),
              it -> assertThat(it).endsWith("NULL"),
              it -> assertThat(it).contains("relation \"orders\" does not exist"));
    }
  }

  @Test
  void aDamagedIndexIsFound() {
    try (ProtectedServer server = new ProtectedServer(PostgresRelease.OLDER, store, folder)) {
      server.postgres.sql(DAMAGE_AN_INDEX);
      server.backUp();
      server.archiveEverything();

      DrillVerdict verdict = run(server);

      assertThat(failed(verdict))
          .singleElement()
          .asString()
          .startsWith("indexes: 1 of ")
          .contains("public.fickle_idx in postgres", "item order invariant violated");
    }
  }

  @Test
  void aDamagedObjectIsFound() throws IOException {
    try (ProtectedServer server = new ProtectedServer(PostgresRelease.OLDER, store, folder)) {
      server.postgres.sql("create table account as select generate_series(1, 5000) id");
      TakenBackup backup = server.backUp();
      server.archiveEverything();
      ArchiveLayout layout = server.layout(server.uid());
      ObjectKey tar;
      try (var tars = store.list(layout.tarPartitions(backup.name()).path() + "part_")) {
        tar =
            tars.max(Comparator.comparing(StoredObject::size)).map(StoredObject::key).orElseThrow();
      }
      damage(tar);

      DrillVerdict verdict = run(server);

      assertThat(failed(verdict))
          .singleElement()
          .asString()
          .startsWith("restore: ")
          .contains(backup.name().value(), "damaged");
      assertThat(verdict.recoveryTime()).isEmpty();
    }
  }

  /// The page was written so: no checksum of the archive's can tell.
  @Test
  void aPageThatWasCorruptWhenItWasBackedUpIsFound() throws IOException {
    try (ProtectedServer server = new ProtectedServer(PostgresRelease.NEWEST, store, folder)) {
      server.postgres.sql("create table account as select generate_series(1, 5000) id");
      server.postgres.sql("checkpoint");
      Path file =
          server
              .postgres
              .dataDirectory()
              .resolve(server.postgres.value("select pg_relation_filepath('account')"));
      byte[] content = Files.readAllBytes(file);
      content[8192 + 5000] ^= 1;
      Files.write(file, content);
      server.backUp();
      server.archiveEverything();

      assertThat(failed(run(server)))
          .anySatisfy(it -> assertThat(it).startsWith("page checksums: 1 of ").endsWith(" page 1"));
    }
  }

  @Test
  void whoIsInterruptedGetsNoVerdictAndLeavesNothing() throws InterruptedException {
    try (ProtectedServer server = new ProtectedServer(PostgresRelease.OLDER, store, folder)) {
      server.backUp();
      server.archiveEverything();
      for (String during : List.of("restore", "page checksums", "start", "indexes")) {
        Drill drill = drill(server);
        DrillRequest request = request(server, "select pg_sleep(600)");
        CountDownLatch reached = new CountDownLatch(1);
        AtomicReference<Optional<PgBackupException>> ended =
            new AtomicReference<>(Optional.empty());
        Thread worker =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        drill.run(
                            request,
                            new DrillListener() {
                              @Override
                              public void checked(DrillCheck check) {
                                if (check.name().equals(during)) {
                                  reached.countDown();
                                }
                              }
                            });
                      } catch (PgBackupException e) {
                        ended.set(Optional.of(e));
                      }
                    });
        reached.await();
        worker.interrupt();
        drill.abort();
        worker.join();

        assertThat(ended.get()).as(during).isPresent();
        assertThat(work).isEmptyDirectory();
      }
    }
  }

  @Test
  void whatThisHostLacksIsNoVerdict() {
    try (ProtectedServer server = new ProtectedServer(PostgresRelease.OLDER, store, folder)) {
      server.backUp();
      server.archiveEverything();
      RestoreServices services = server.bench().services();
      Drill elsewhere =
          new Drill(
              new RestoreRunner(
                  new RestoreServices(
                      services.engines(),
                      services.claims(),
                      services.leases(),
                      services.template(),
                      services.process(),
                      Optional.of(folder),
                      services.clock())),
              services.process(),
              Optional.of(folder),
              Clock.systemUTC());

      assertThatExceptionOfType(PgBackupException.class)
          .isThrownBy(() -> elsewhere.run(request(server), DrillListener.SILENT));
    }
  }

  private void damage(ObjectKey key) throws IOException {
    byte[] bytes;
    try (InputStream stored = store.open(key)) {
      bytes = stored.readAllBytes();
    }
    Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 64, (byte) 0x5A);
    store.delete(List.of(key));
    store.create(key, bytes, Map.of());
  }
}
