package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.status.StatusSnapshot;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FaultyProxy.Fault;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What only a process of its own can show: signals and exit statuses.
class AgentProcessIT {

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<AutoCloseable> open = new ArrayList<>();
  private FaultyProxy proxy;
  private StorageConfig storage;
  private TestPostgres postgres;

  @BeforeEach
  void runningServer() {
    S3Server s3 = S3Server.shared();
    proxy = opened(FaultyProxy.before(s3.endpoint()));
    storage = s3.storageConfig(s3.newBucket(), proxy.endpoint());
    postgres =
        opened(
            TestPostgres.builder(PostgresRelease.OLDER)
                .setting("archive_mode", "on")
                .setting("archive_command", ArchiveCommand.text(folder.resolve("spool")))
                .create(folder.resolve("data")));
    opened(new ArchiveCommand(folder.resolve("spool"), socket(), postgres.dataDirectory()));
    postgres.start();
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.add(resource);
    return resource;
  }

  private Path socket() {
    return folder.resolve("archive.sock");
  }

  private AgentProcess agent() throws IOException {
    return opened(AgentProcess.start(folder, storage, postgres.configOverSocket(), socket()));
  }

  private static void isProtected(StatusSnapshot status) {
    assertThat(status.windows()).hasSize(1);
    assertThat(status.runningBackup()).isEmpty();
  }

  private Instant now() {
    return Instant.parse(
        postgres.value(
            "select to_char(clock_timestamp() at time zone 'UTC',"
                + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
  }

  /// P14.
  @Test
  void drainsAndExitsWithZeroWhenItIsTerminated() throws Exception {
    AgentProcess first = agent();
    StatusSnapshot before = first.statusOnce(AgentProcessIT::isProtected);
    postgres.sql("create table t (id int)");
    Instant after = now();

    first.terminate();

    assertThat(first.exitStatus()).isZero();
    assertThat(socket()).doesNotExist();
    AgentProcess second = agent();
    StatusSnapshot later =
        second.statusOnce(status -> assertThat(status.catalogReadAt()).isPresent());
    assertThat(later.uid()).isEqualTo(before.uid());
    assertThat(later.lastCommit().orElseThrow()).isAfter(after);
  }

  /// P56. However large the database is, what is sent of it is laid down nowhere first.
  @Test
  void aBaseBackupTakesNoRoomBesideTheDatabase() throws Exception {
    postgres.sql(
        "create table big as select gen_random_uuid() a, gen_random_uuid() b"
            + " from generate_series(1, 1000000)");
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    AtomicLong most = new AtomicLong();
    try (FaultyProxy.Storm _ =
        proxy.storm(
            request -> {
              if (request.target().contains("/tar_partitions/")) {
                most.accumulateAndGet(size(scratch), Math::max);
              }
              return false;
            },
            new Fault.LoseRequest())) {
      AgentProcess agent =
          opened(
              AgentProcess.start(
                  folder,
                  storage,
                  postgres.configOverSocket(),
                  socket(),
                  "",
                  "",
                  Map.of("PGBACKUP_JAVA_OPTIONS", "-Djava.io.tmpdir=" + scratch)));
      agent.statusOnce(AgentProcessIT::isProtected);
    }

    assertThat(proxy.requests())
        .filteredOn(request -> request.is("PUT", "/tar_partitions/"))
        .filteredOn(request -> request.target().contains("partNumber="))
        .as("parts of 8 MiB")
        .hasSizeGreaterThan(4);
    assertThat(most).as("bytes beside the database").hasValueLessThan(1 << 20);
  }

  private static long size(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException | UncheckedIOException _) {
      // something of it went meanwhile
      return 0;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void losesNothingWhenItIsKilledBetweenReadingAndAnswering(boolean stored) throws Exception {
    AgentProcess first = agent();
    first.statusOnce(AgentProcessIT::isProtected);
    CountDownLatch killed = new CountDownLatch(1);
    AtomicReference<String> firstPut = new AtomicReference<>("none yet");
    if (stored) {
      // the store has it and its answer is lost; whatever comes next for that object kills
      proxy.breakNext(
          1,
          request -> request.is("PUT", "/wal_005/0") && remember(request, firstPut),
          new Fault.LoseAnswer());
      proxy.breakNext(
          1,
          request -> request.target().equals(firstPut.get()) && kill(first, killed),
          new Fault.LoseRequest());
    } else {
      proxy.breakNext(
          1,
          request -> request.is("PUT", "/wal_005/0") && kill(first, killed),
          new Fault.LoseRequest());
    }
    postgres.sql("create table t (id int)");
    postgres.sql("select pg_switch_wal()");
    postgres.sql("insert into t values (1)");
    postgres.sql("select pg_switch_wal()");
    Instant after = now();
    postgres.sql("insert into t values (2)");
    postgres.sql("select pg_switch_wal()");
    assertThat(killed.await(1, TimeUnit.MINUTES)).isTrue();

    AgentProcess second = agent();

    StatusSnapshot status =
        second.statusOnce(
            now -> {
              assertThat(now.lastCommit()).hasValueSatisfying(at -> assertThat(at).isAfter(after));
              assertThat(now.archive().lagSeconds()).contains(0.0);
            });
    assertThat(status.gaps()).isEmpty();
    assertThat(status.archive().refused()).isZero();
  }

  private static boolean remember(FaultyProxy.Request request, AtomicReference<String> target) {
    target.set(request.target());
    return true;
  }

  private static boolean kill(AgentProcess agent, CountDownLatch killed) {
    agent.kill();
    killed.countDown();
    return true;
  }

  @Test
  void exitsWithFourBesideDataOfAnotherCluster() throws Exception {
    IdentityFile.beside(postgres.dataDirectory())
        .write(
            new Identity(
                new ClusterId("shop", "payments"),
                LineageUid.random(),
                SystemIdentifier.parse(
                    postgres.value("select system_identifier from pg_control_system()")),
                Optional.empty()));

    AgentProcess agent = agent();

    assertThat(agent.exitStatus()).isEqualTo(4);
    assertThat(agent.output())
        .contains(
            "pgbackup-agent: %s names cluster shop/payments"
                .formatted(IdentityFile.beside(postgres.dataDirectory()).path()))
        .contains("\nHINT: ");
  }

  @Test
  void exitsWithFourWhereAnotherAgentHasItsSocket() throws Exception {
    AgentProcess first = agent();
    first.statusOnce(status -> assertThat(status.uid()).isPresent());

    AgentProcess second = agent();

    assertThat(second.exitStatus()).isEqualTo(4);
    assertThat(second.output()).contains(socket().toString()).contains("HINT: ");
    assertThat(first.status().uid()).isPresent();
  }
}
