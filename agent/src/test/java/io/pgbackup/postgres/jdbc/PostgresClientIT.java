package io.pgbackup.postgres.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.config.PgBackupConfig.ClientCertificate;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.TestCertificate;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresClientIT {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  @EachRelease
  void comparesAFileWithItsOwnWhereItMayBeRead(PostgresRelease release) throws IOException {
    try (TestPostgres postgres =
        TestPostgres.builder(release).create(folder.resolve("data")).start()) {
      // a segment that is written no more
      String name = postgres.value("select pg_walfile_name(pg_switch_wal())");
      byte[] content = Files.readAllBytes(postgres.dataDirectory().resolve("pg_wal/" + name));
      postgres.sql("create role watcher login in role pg_monitor");

      try (PostgresClient client = PostgresClient.connect(postgres.configOverSocket())) {
        assertThat(client.holdsWal(name, content)).contains(true);
        assertThat(client.holdsWal(name, Arrays.copyOf(content, 100))).contains(false);
        content[12345] ^= 1;
        assertThat(client.holdsWal(name, content)).contains(false);
        assertThat(client.holdsWal("0000000A.history", content)).contains(false);
      }
      PostgresConfig all = postgres.configOverSocket();
      PostgresConfig watcher =
          new PostgresConfig(
              all.host(),
              all.port(),
              "watcher",
              all.database(),
              all.passwordFile(),
              all.tls(),
              all.dataDirectory());
      try (PostgresClient client = PostgresClient.connect(watcher)) {
        assertThat(client.holdsWal(name, content)).isEmpty();
      }
    }
  }

  @EachRelease
  void tellsTheServersFactsOverUnixSocketAndTcpAlike(PostgresRelease release) {
    try (TestPostgres postgres =
        TestPostgres.builder(release)
            .initdb("--wal-segsize=4")
            .setting("archive_mode", "on")
            .setting("archive_command", "false")
            .setting("archive_timeout", "2min")
            .create(folder.resolve("data"))
            .start()) {

      ServerFacts facts = facts(postgres.configOverSocket());

      assertThat(facts)
          .isEqualTo(
              new ServerFacts(
                  release.installation().version(),
                  SystemIdentifier.parse(
                      postgres.value("select system_identifier from pg_control_system()")),
                  new WalSegmentSize(4 << 20),
                  Timeline.FIRST,
                  false,
                  postgres.dataDirectory(),
                  true,
                  "on",
                  "false",
                  "",
                  Duration.ofMinutes(2),
                  8192,
                  131072))
          .isEqualTo(facts(postgres.config()));
      assertThat(facts.archives()).isTrue();
    }
  }

  @EachRelease
  void seesHowFarArchivingIsBehind(PostgresRelease release) {
    try (TestPostgres postgres =
            TestPostgres.builder(release)
                .setting("archive_mode", "on")
                .setting("archive_command", "false")
                .create(folder.resolve("data"))
                .start();
        PostgresClient client = PostgresClient.connect(postgres.configOverSocket())) {
      assertThat(client.archiverStats().oldestWaiting()).isEmpty();

      Lsn heartbeat = client.heartbeat();
      Lsn end = client.switchWal();

      WalSegment segment = WalSegment.containing(Timeline.FIRST, heartbeat, WalSegmentSize.DEFAULT);
      assertThat(segment.end()).isGreaterThanOrEqualTo(end);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                ArchiverStats stats = client.archiverStats();
                assertThat(stats.oldestWaiting().map(it -> it.segment())).contains(segment);
                assertThat(stats.lastFailed().map(it -> it.file())).contains(segment.fileName());
                assertThat(stats.waitingFiles()).isEqualTo(1);
                assertThat(stats.lag()).isPositive();
                assertThat(stats.lagBytes()).isGreaterThanOrEqualTo(WalSegmentSize.DEFAULT.bytes());
              });

      postgres.configure("archive_command", "true");
      postgres.reload();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                ArchiverStats stats = client.archiverStats();
                assertThat(stats.oldestWaiting()).isEmpty();
                assertThat(stats.lastArchived().map(it -> it.file())).contains(segment.fileName());
                assertThat(stats.lag()).isZero();
              });
    }
  }

  @EachRelease
  void startsAndStopsABaseBackupAlthoughTheServersTimeoutsAreShort(PostgresRelease release) {
    try (TestPostgres postgres =
        TestPostgres.builder(release)
            .setting("statement_timeout", "400ms")
            .setting("idle_session_timeout", "400ms")
            .create(folder.resolve("data"))
            .start()) {
      try (PostgresClient client = PostgresClient.connect(postgres.configOverSocket())) {
        BackupStart start = client.startBackup("pgbackup", PATIENCE);
        await()
            .atMost(PATIENCE)
            .until(
                () ->
                    postgres.value(
                        "select clock_timestamp() - state_change > interval '1 second'"
                            + " from pg_stat_activity where application_name = 'pgbackup'"),
                "t"::equals);
        BackupStop stop = client.stopBackup(PATIENCE);

        assertThat(stop.lsn()).isGreaterThan(start.lsn());
        assertThat(stop.at()).isAfter(start.at());
        assertThat(stop.label())
            .startsWith("START WAL LOCATION: " + start.lsn() + " (file ")
            .contains("\nLABEL: pgbackup\n")
            .endsWith("\n");
        assertThat(stop.tablespaceMap()).isEmpty();
      }
    }
  }

  @EachRelease
  void needsNoSuperuserButTheRightsThatAreDocumented(PostgresRelease release) throws IOException {
    try (TestPostgres postgres = TestPostgres.create(release, folder).start()) {
      postgres.sql("create role backup login");
      PostgresConfig config =
          with(postgres.config(), "backup", Optional.empty(), "disable", Optional.empty());
      assertRefused(() -> facts(config), "data_directory", "pg_monitor");

      boolean renamed = !release.version().startsWith("14.");
      postgres.sql(
          "grant pg_monitor to backup;"
              + "grant execute on function %s, %s, pg_switch_wal() to backup"
                  .formatted(
                      renamed
                          ? "pg_backup_start(text, boolean)"
                          : "pg_start_backup(text, boolean, boolean)",
                      renamed ? "pg_backup_stop(boolean)" : "pg_stop_backup(boolean, boolean)"));

      try (PostgresClient client = PostgresClient.connect(config)) {
        assertThat(client.facts().inRecovery()).isFalse();
        assertThat(client.archiverStats().oldestWaiting()).isEmpty();
        assertThat(client.tablespaceNames()).containsValue("pg_default");
        Lsn heartbeat = client.heartbeat();
        assertThat(client.switchWal()).isGreaterThanOrEqualTo(heartbeat);
        BackupStart start = client.startBackup("pgbackup", PATIENCE);
        assertThat(client.stopBackup(PATIENCE).lsn()).isGreaterThan(start.lsn());
      }
    }
  }

  @Test
  void aBackupOfASessionThatClosedLeavesNothingOnTheServer() {
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder).start()) {
      PostgresClient first = PostgresClient.connect(postgres.configOverSocket());
      first.startBackup("pgbackup", PATIENCE);
      first.close();

      try (PostgresClient second = PostgresClient.connect(postgres.configOverSocket())) {
        assertThatThrownBy(() -> second.stopBackup(PATIENCE))
            .hasMessageContaining("failed to stop the base backup")
            .hasMessageContaining("backup is not in progress");
      }
    }
  }

  @Test
  void anInterruptEndsTheWaitForTheServersCheckpoint() throws Exception {
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder).start();
        PostgresClient client = PostgresClient.connect(postgres.config())) {
      String checkpointer =
          postgres.value("select pid from pg_stat_activity where backend_type = 'checkpointer'");
      String waiting =
          "select count(*) from pg_stat_activity"
              + " where application_name = 'pgbackup' and state = 'active'";
      signal("STOP", checkpointer);
      try {
        FutureTask<BackupStart> backup =
            new FutureTask<>(() -> client.startBackup("pgbackup", Duration.ofHours(1)));
        Thread thread = Thread.ofPlatform().name("backup").start(backup);
        await().atMost(PATIENCE).until(() -> postgres.value(waiting), "1"::equals);

        thread.interrupt();

        assertThatThrownBy(() -> backup.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
            .cause()
            .isInstanceOfSatisfying(
                PgBackupException.class,
                e -> assertThat(e.problem()).isInstanceOf(Problem.TimedOut.class));
        assertThat(postgres.value(waiting)).isEqualTo("0");
      } finally {
        signal("CONT", checkpointer);
      }
    }
  }

  private static void signal(String name, String pid) throws Exception {
    assertThat(new ProcessBuilder("kill", "-" + name, pid).inheritIO().start().waitFor()).isZero();
  }

  @Test
  void theTimelineIsTheNewOneRightAfterAPromotion() throws IOException {
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.OLDER, folder).start()) {
      postgres.stop();
      Path signal = Files.createFile(postgres.dataDirectory().resolve("standby.signal"));
      postgres.user().own(signal);
      postgres.start();
      try (PostgresClient client = PostgresClient.connect(postgres.config())) {
        assertThat(client.facts().inRecovery()).isTrue();
        assertThat(client.facts().timeline()).isEqualTo(Timeline.FIRST);

        postgres.sql("select pg_promote()");

        assertThat(client.facts().inRecovery()).isFalse();
        assertThat(client.facts().timeline()).isEqualTo(new Timeline(2));
      }
    }
  }

  @Test
  void thePasswordFileIsReadAtEachConnection() throws IOException {
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder).start()) {
      postgres.sql("create role backup login superuser password 'first'");
      Files.writeString(
          postgres.dataDirectory().resolve("pg_hba.conf"),
          "host all backup 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n");
      postgres.reload();
      Path password = PrivateFile.write(folder.resolve("password"), "first\n");
      PostgresConfig config =
          with(postgres.config(), "backup", Optional.of(password), "disable", Optional.empty());
      await().atMost(PATIENCE).untilAsserted(() -> facts(config));

      postgres.sql("alter role backup password 'second'");

      assertRefused(() -> facts(config), "password authentication failed", "passwordFile");
      PrivateFile.write(password, "second\n");
      assertThat(facts(config).inRecovery()).isFalse();
    }
  }

  @Test
  void tlsIsCheckedAgainstTheAuthorityAndTheName() throws IOException {
    TestCertificate own = TestCertificate.selfSigned("dns:localhost,ip:127.0.0.1");
    TestCertificate otherName = TestCertificate.selfSigned("dns:elsewhere");
    Path ownCa = Files.writeString(folder.resolve("own.pem"), own.certificatePem());
    Path otherCa = Files.writeString(folder.resolve("other.pem"), otherName.certificatePem());
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder)) {
      serveTls(postgres, own);
      postgres.start();

      assertThat(facts(tls(postgres, "verify-full", ownCa)).inRecovery()).isFalse();
      assertThat(usesTls(tls(postgres, "require", ownCa), postgres)).isTrue();
      assertRefused(
          () -> facts(tls(postgres, "verify-full", otherCa)), "127.0.0.1", "postgres.rootCertFile");
      assertRefused(
          () -> facts(tls(postgres, "verify-ca", otherCa)), "127.0.0.1", "postgres.rootCertFile");

      postgres.stop();
      serveTls(postgres, otherName);
      postgres.start();
      assertThat(facts(tls(postgres, "verify-ca", otherCa)).inRecovery()).isFalse();
      assertRefused(
          () -> facts(tls(postgres, "verify-full", otherCa)), "could not be verified", "sslMode");
    }
  }

  @Test
  void aServerThatAsksForACertificateIsShownOne() throws IOException {
    TestCertificate server = TestCertificate.selfSigned("ip:127.0.0.1");
    TestCertificate ours = TestCertificate.selfSigned("dns:agent");
    TestCertificate others = TestCertificate.selfSigned("dns:agent");
    Path authority = Files.writeString(folder.resolve("server.pem"), server.certificatePem());
    Path key = PrivateFile.write(folder.resolve("client.key"), ours.keyPem());
    Path certificate = Files.writeString(folder.resolve("client.pem"), ours.certificatePem());
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder)) {
      serveTls(postgres, server);
      acceptClientsWith(postgres, ours);
      postgres.start();

      PostgresConfig shown = shows(postgres, authority, certificate, key);
      assertThat(facts(shown).inRecovery()).isFalse();
      ReplicationClient.connect(shown).close();

      assertRefused(
          () -> facts(tls(postgres, "verify-full", authority)),
          "connection requires a valid client certificate",
          "postgres.clientCertFile");
      PrivateFile.write(key, others.keyPem());
      assertThatThrownBy(() -> facts(shown))
          .hasMessageContaining(key + " does not belong to the certificate " + certificate);
      Files.writeString(certificate, others.certificatePem());
      // TLS 1.3 says it during the handshake or behind it, and the connection may be gone before
      assertRefused(() -> facts(shown), "cannot connect to", "postgres.clientCertFile");
    }
  }

  /// As CloudNativePG and cert-manager write it where nobody asks for another form.
  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC"})
  void aKeyOfTheOlderFormsIsReadToo(String algorithm) throws IOException {
    TestCertificate server = TestCertificate.selfSigned("ip:127.0.0.1");
    TestCertificate ours = TestCertificate.selfSigned("dns:agent", algorithm);
    Path authority = Files.writeString(folder.resolve("server.pem"), server.certificatePem());
    Path key = PrivateFile.write(folder.resolve("client.key"), ours.olderKeyPem());
    Path certificate = Files.writeString(folder.resolve("client.pem"), ours.certificatePem());
    try (TestPostgres postgres = TestPostgres.create(PostgresRelease.NEWEST, folder)) {
      serveTls(postgres, server);
      acceptClientsWith(postgres, ours);
      postgres.start();

      PostgresConfig shown = shows(postgres, authority, certificate, key);
      assertThat(facts(shown).inRecovery()).isFalse();
      ReplicationClient.connect(shown).close();
    }
  }

  @Test
  void aServerThatIsNotThereIsNamedWithTheNextStep() {
    PostgresConfig config =
        new PostgresConfig(
            folder.toString(),
            5432,
            "postgres",
            "postgres",
            Optional.empty(),
            new ServerTls("prefer", Optional.empty(), Optional.empty()),
            folder);

    assertRefused(() -> facts(config), folder + "/.s.PGSQL.5432", "unix_socket_directories");
  }

  private static ServerFacts facts(PostgresConfig config) {
    try (PostgresClient client = PostgresClient.connect(config)) {
      return client.facts();
    }
  }

  /// Asks the server itself, over another connection, how this one came.
  private static boolean usesTls(PostgresConfig config, TestPostgres postgres) {
    try (PostgresClient client = PostgresClient.connect(config)) {
      client.now();
      return postgres
          .value(
              "select ssl from pg_stat_ssl join pg_stat_activity using (pid)"
                  + " where application_name = 'pgbackup'")
          .equals("t");
    }
  }

  private static void assertRefused(ThrowingCallable call, String reason, String hint) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> {
              assertThat(e.problem()).isInstanceOf(Problem.PostgresFailed.class);
              assertThat(e.problem().message()).contains(reason);
              assertThat(e.problem().hint().orElseThrow()).contains(hint);
            });
  }

  private static PostgresConfig tls(TestPostgres postgres, String sslMode, Path rootCert) {
    return with(postgres.config(), "postgres", Optional.empty(), sslMode, Optional.of(rootCert));
  }

  private static PostgresConfig shows(
      TestPostgres postgres, Path authority, Path certificate, Path key) {
    PostgresConfig config = postgres.config();
    return new PostgresConfig(
        config.host(),
        config.port(),
        config.user(),
        config.database(),
        Optional.empty(),
        new ServerTls(
            "verify-full",
            Optional.of(authority),
            Optional.of(new ClientCertificate(certificate, key))),
        config.dataDirectory());
  }

  private static PostgresConfig with(
      PostgresConfig config,
      String user,
      Optional<Path> password,
      String sslMode,
      Optional<Path> rootCert) {
    return new PostgresConfig(
        config.host(),
        config.port(),
        user,
        config.database(),
        password,
        new ServerTls(sslMode, rootCert, Optional.empty()),
        config.dataDirectory());
  }

  private static void acceptClientsWith(TestPostgres postgres, TestCertificate authority)
      throws IOException {
    Path data = postgres.dataDirectory();
    postgres.user().own(Files.writeString(data.resolve("clients.pem"), authority.certificatePem()));
    postgres.configure("ssl_ca_file", "clients.pem");
    Files.writeString(data.resolve("pg_ident.conf"), "agents \"pgbackup test\" postgres");
    Files.writeString(
        data.resolve("pg_hba.conf"),
        """
        local   all all              trust
        hostssl all all 127.0.0.1/32 cert map=agents
        hostssl replication all 127.0.0.1/32 cert map=agents
        """);
  }

  private static void serveTls(TestPostgres postgres, TestCertificate certificate)
      throws IOException {
    Path data = postgres.dataDirectory();
    Path key = Files.writeString(data.resolve("server.key"), certificate.keyPem());
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    postgres.user().own(key);
    Path crt = Files.writeString(data.resolve("server.crt"), certificate.certificatePem());
    postgres.user().own(crt);
    postgres.configure("ssl", "on");
  }
}
