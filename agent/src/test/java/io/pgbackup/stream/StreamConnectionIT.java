package io.pgbackup.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.archive.Retry;
import io.pgbackup.archive.WalArchiver;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.jdbc.ReplicationClient;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.HalfOpenProxy;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.TestCertificate;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The connection that WAL comes over: TLS, and its death without a word.
class StreamConnectionIT {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String SLOT = "pgbackup_test";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final MemoryObjectStore store = new MemoryObjectStore();
  private final ArchiveLayout layout = new ArchiveLayout(StoreFolder.of("shop/orders"));
  private final EmbeddedWalEngine engine =
      new EmbeddedWalEngine(store, layout, Codec.LZ4, Optional.of(SIZE));
  private final Told told = new Told();
  private volatile boolean wanted = true;

  @Test
  void comesOverTlsAloneAndGoesOnWhenTheConnectionDies() throws Exception {
    TestCertificate own = TestCertificate.selfSigned("ip:127.0.0.1");
    Path authority = Files.writeString(folder.resolve("own.pem"), own.certificatePem());
    Path other =
        Files.writeString(
            folder.resolve("other.pem"),
            TestCertificate.selfSigned("ip:127.0.0.1").certificatePem());
    Path password = PrivateFile.write(folder.resolve("password"), "secret\n");
    try (TestPostgres postgres = server(own);
        HalfOpenProxy proxy = HalfOpenProxy.before(postgres.port())) {
      PostgresConfig trusting = config(postgres, proxy, password, "verify-full", authority);
      PostgresConfig deceived = config(postgres, proxy, password, "verify-full", other);
      PostgresConfig plain = config(postgres, proxy, password, "disable", authority);
      refuses(deceived, "for replication", "postgres.rootCertFile");
      refuses(plain, "no encryption", "pg_hba.conf");
      Thread agent = Thread.ofPlatform().name("agent").start(() -> stream(postgres, trusting));
      storesWhatIsWritten(postgres);
      assertThat(
              postgres.value(
                  "select string_agg(distinct usename || ' ' || ssl, ',')"
                      + " from pg_stat_replication join pg_stat_ssl using (pid)"))
          .isEqualTo("backup true");

      proxy.die();
      storesWhatIsWritten(postgres);
      assertThat(told.problems)
          .anySatisfy(
              problem ->
                  assertThat(problem.message())
                      .contains("127.0.0.1:" + proxy.port())
                      .contains("has been silent for 2 s in the stream of WAL"));
      int idle = silences();
      proxy.dieAfter(100_000);
      storesWhatIsWritten(postgres);
      assertThat(silences()).as("in the middle of a message").isGreaterThan(idle);

      wanted = false;
      agent.join();
      assertThat(told.problems).allSatisfy(StreamConnectionIT::isUnderstood);
      isWhole(postgres);
    }
  }

  private int silences() {
    return (int) told.problems.stream().filter(now -> now.message().contains("silent")).count();
  }

  /// Until the server too has given the dead connection up, it holds the slot for it.
  private static void isUnderstood(Problem problem) {
    if (!problem.message().contains("silent")) {
      assertThat(problem.message()).contains("replication slot \"" + SLOT + "\" is active");
      assertThat(problem.hint().orElseThrow()).contains("by itself", "second agent");
    }
  }

  private void storesWhatIsWritten(TestPostgres postgres) {
    for (int i = 0; i < 4; i++) {
      postgres.sql(
          "insert into t select repeat(md5(i::text), 20) from generate_series(1, 2000) as i");
    }
    Lsn end = Lsn.parse(postgres.value("select pg_current_wal_flush_lsn()"));
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(told.stored).isGreaterThanOrEqualTo(end));
  }

  /// Every segment that the server still has is in the store as it is there.
  private void isWhole(TestPostgres postgres) throws IOException {
    WalSegment first =
        WalSegment.parse(
            postgres.value("select min(name) from pg_ls_waldir() where length(name) = 24"), SIZE);
    int compared = 0;
    for (WalSegment at = first; at.end().compareTo(told.stored) <= 0; at = at.next()) {
      Optional<byte[]> archived = engine.fetch(new WalFileName.Segment(at.fileName()));
      if (archived.isEmpty() && compared == 0) {
        continue;
      }
      assertThat(archived.orElseThrow())
          .as(at.fileName())
          .isEqualTo(
              Files.readAllBytes(postgres.dataDirectory().resolve("pg_wal/" + at.fileName())));
      compared++;
    }
    assertThat(compared).isGreaterThan(10);
  }

  private void stream(TestPostgres postgres, PostgresConfig config) {
    StreamSession session =
        new StreamSession(
            config,
            SystemIdentifier.parse(
                postgres.value("select system_identifier from pg_control_system()")),
            SIZE,
            SLOT,
            new StreamArchive(
                store,
                layout,
                LineageUid.random(),
                new WalArchiver(
                    (_, _, _) -> {},
                    engine,
                    new Retry(Duration.ZERO, Duration.ofMillis(1)),
                    Clock.systemUTC()),
                Packing.plain(Codec.LZ4)),
            told,
            Duration.ofMillis(300),
            Duration.ofSeconds(2));
    while (wanted) {
      try {
        session.run(() -> wanted);
      } catch (PgBackupException e) {
        told.problems.add(e.problem());
        pause();
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(Duration.ofMillis(200));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void refuses(PostgresConfig config, String reason, String hint) {
    assertThatThrownBy(() -> ReplicationClient.connect(config))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> {
              assertThat(e.problem().message()).contains(reason);
              assertThat(e.problem().hint().orElseThrow()).contains(hint);
            });
  }

  /// It lets the role in over TLS alone, and would itself wait for a dead client for ever.
  private TestPostgres server(TestCertificate certificate) throws IOException {
    TestPostgres postgres =
        TestPostgres.builder(PostgresRelease.NEWEST)
            .initdb("--wal-segsize=1")
            .setting("ssl", "on")
            .setting("wal_sender_timeout", "0")
            .setting("wal_keep_size", "100MB")
            .create(folder.resolve("data"));
    own(postgres, "server.key", certificate.keyPem());
    own(postgres, "server.crt", certificate.certificatePem());
    own(
        postgres,
        "pg_hba.conf",
        """
        local   all         all                    trust
        host    all         postgres 127.0.0.1/32  trust
        hostssl all         backup   127.0.0.1/32  scram-sha-256
        hostssl replication backup   127.0.0.1/32  scram-sha-256
        """);
    postgres.start();
    postgres.sql(
        "create role backup login replication password 'secret' in role pg_monitor;"
            + " create table t (filling text)");
    return postgres;
  }

  private static void own(TestPostgres postgres, String name, String content) throws IOException {
    Path file = Files.writeString(postgres.dataDirectory().resolve(name), content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    postgres.user().own(file);
  }

  private static PostgresConfig config(
      TestPostgres postgres, HalfOpenProxy proxy, Path password, String sslMode, Path authority) {
    return new PostgresConfig(
        "127.0.0.1",
        proxy.port(),
        "backup",
        "postgres",
        Optional.of(password),
        new ServerTls(sslMode, Optional.of(authority), Optional.empty()),
        postgres.dataDirectory());
  }
}
