package io.pgbackup.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupFetcher;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// WAL-G's own client at our socket. It is not part of the build: the environment variable
/// `WALG_DAEMON_CLIENT` names a `walg-daemon-client`, and without it the tests are skipped.
class WalgDaemonClientIT {
  private static final String VARIABLE = "WALG_DAEMON_CLIENT";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String NAME = "00000002.history";
  private static final String OTHER_NAME = "00000003.history";
  private static final byte[] CONTENT = "1\t0/5000000\tno recovery target\n".getBytes(UTF_8);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private String client = "";

  @BeforeEach
  void findTheClient() {
    String named = System.getenv(VARIABLE);
    assumeTrue(
        named != null && Files.isExecutable(Path.of(named)),
        VARIABLE + " names no walg-daemon-client");
    client = named;
  }

  @Test
  void aServerArchivesAndRecoversThroughIt() throws Exception {
    String expected;
    Path restored = folder.resolve("restored");
    try (TestArchive archive = TestArchive.create(TestArchive.Kind.DIRECTORY, folder)) {
      WalEngine wal =
          new EmbeddedWalEngine(archive.store(), archive.layout(), Codec.LZ4, Optional.empty());
      TakenBackup backup;
      try (TestPostgres postgres =
              TestPostgres.builder(PostgresRelease.NEWEST)
                  .setting("archive_mode", "on")
                  .setting("archive_command", command("archive", "wal-push %f"))
                  .create(folder.resolve("data"));
          var _ = listen("archive", postgres.dataDirectory(), wal)) {
        postgres.start();
        postgres.sql("create table words as select i from generate_series(1, 1000) i");
        backup =
            new EmbeddedBackupEngine(
                    archive.store(),
                    archive.layout(),
                    postgres.configOverSocket(),
                    new EmbeddedBackupEngine.Settings(
                        Codec.LZ4,
                        1,
                        "db-1",
                        1 << 30,
                        new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE)),
                    Clock.systemUTC())
                .push(BackupRequest.FULL, new QuietListener());
        postgres.sql("insert into words select i from generate_series(1001, 2500) i");
        expected = content(postgres);
        String last = postgres.value("select pg_walfile_name(pg_switch_wal())");
        await().atMost(PATIENCE).until(() -> wal.fetch(WalFileName.parse(last)).isPresent());
      }
      try (TestPostgres copy =
              restored(archive, backup, restored, command("restore", "wal-fetch %f %p"));
          var _ = listen("restore", restored, wal)) {
        copy.start();
        await().atMost(PATIENCE).until(() -> copy.value("select pg_is_in_recovery()"), "f"::equals);

        assertThat(content(copy)).isEqualTo(expected).startsWith("2500 ");
      }
    }
  }

  /// Fetched, and on the point of recovering.
  private static TestPostgres restored(
      TestArchive archive, TakenBackup backup, Path directory, String restoreCommand)
      throws IOException {
    var _ =
        new EmbeddedBackupFetcher(archive.store(), archive.layout(), 1)
            .fetch(backup.name(), new FetchTarget(directory, _ -> {}), _ -> {});
    Files.createFile(directory.resolve("recovery.signal"));
    ServerUser.forNewDirectory().ownTree(directory);
    return TestPostgres.over(
        PostgresRelease.NEWEST,
        directory,
        Map.of("restore_command", restoreCommand, "archive_mode", "off"));
  }

  private static String content(TestPostgres postgres) {
    return postgres.value("select count(*) || ' ' || sum(i) from words");
  }

  @Test
  void itsExitStatusSaysWhatOurReplyMeans() throws Exception {
    Path data = folder.resolve("data");
    Path wal = Files.createDirectories(data.resolve("pg_wal"));
    Path status = Files.createDirectories(wal.resolve("archive_status"));
    MemoryWalEngine engine = new MemoryWalEngine();
    try (var _ = listen("archive", data, engine)) {
      Files.write(wal.resolve(NAME), CONTENT);
      assertThat(run("wal-push", NAME)).as("not marked as finished").isEqualTo(1);
      Files.createFile(status.resolve(NAME + ".ready"));
      assertThat(run("wal-push", NAME)).isZero();
      assertThat(run("wal-push", NAME)).as("the same again").isZero();
      assertThat(engine.files.get(NAME)).isEqualTo(CONTENT);
      Files.writeString(wal.resolve(NAME), "other");
      assertThat(run("wal-push", NAME)).as("other content").isEqualTo(1);
      assertThat(engine.files.get(NAME)).isEqualTo(CONTENT);
      assertThat(run("wal-push", "pg_wal/" + NAME)).as("a path").isEqualTo(1);

      assertThat(run("wal-fetch", NAME, "pg_wal/RECOVERYHISTORY")).isZero();
      assertThat(wal.resolve("RECOVERYHISTORY")).hasBinaryContent(CONTENT);
      assertThat(run("wal-fetch", NAME, "pg_wal/RECOVERYHISTORY"))
          .as("it is there already")
          .isEqualTo(1);
      assertThat(run("wal-fetch", NAME, data.resolve("pg_wal/absolute").toString())).isZero();
      assertThat(run("wal-fetch", NAME, folder.resolve("outside").toString())).isEqualTo(1);
      assertThat(run("wal-fetch", OTHER_NAME, "pg_wal/absent")).as("absent").isEqualTo(74);
      engine.failuresToCome = 1;
      assertThat(run("wal-fetch", NAME, "pg_wal/failed")).as("the store is away").isEqualTo(1);
      assertThat(wal.resolve("failed")).doesNotExist();
    }
    assertThat(run("wal-push", NAME)).as("nobody listens").isEqualTo(1);
  }

  private ArchiveSocket listen(String name, Path dataDirectory, WalEngine engine) {
    Retry retry = new Retry(Duration.ZERO, Duration.ofMillis(1));
    return ArchiveSocket.open(
        socket(name),
        dataDirectory,
        new WalArchiver((_, _, _) -> {}, engine, retry, Clock.systemUTC()),
        new WalServer(engine, retry, Clock.systemUTC()),
        SocketLimits.DEFAULT);
  }

  private Path socket(String name) {
    return folder.resolve(name + ".sock");
  }

  private String command(String socket, String request) {
    return "'%s' '%s' %s".formatted(client, socket(socket), request);
  }

  private int run(String... request) throws Exception {
    List<String> command = new ArrayList<>(List.of(client, socket("archive").toString()));
    command.addAll(List.of(request));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("it ends").isTrue();
    return process.exitValue();
  }
}
