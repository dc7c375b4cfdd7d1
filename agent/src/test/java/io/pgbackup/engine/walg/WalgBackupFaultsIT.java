package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.embedded.DeltaChoice;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestKeys;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A wal-g that does not do what it says, played by a stand-in beside a real server: each time the
/// run fails with the reason, nothing counts as taken, and no process is left.
class WalgBackupFaultsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final BackupDeadlines PATIENT = new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE);
  private static final DeltaRules DELTA_RULES = new DeltaRules(2, DeltaRules.Origin.LATEST);
  private static final BackupName NAME = new BackupName("base_0000000100000000000000AB");

  /// As WAL-G lays a backup out; what is in the tars nobody reads here.
  private static final String WRITES_A_BACKUP =
      """
      folder="$WALG_FILE_PREFIX/basebackups_005/base_0000000100000000000000AB"
      mkdir -p "$folder/tar_partitions"
      for part in part_001 pg_control backup_label; do
        echo "$part" >"$folder/tar_partitions/$part.tar.lz4"
      done
      echo '{"Files":{"/PG_VERSION":{}},"TarFileSets":{"part_001.tar.lz4":["/PG_VERSION"]}}' \
        >"$folder/files_metadata.json"
      """;

  private static final String WRITES_A_SENTINEL =
      """
      echo '{"LSN":2868903936,"FinishLSN":2868904000,"PgVersion":180000,
             "SystemIdentifier":%s,"Version":2,
             "StartTime":"2026-11-21T02:13:40Z","FinishTime":"2026-11-21T02:13:41Z"}' \
        >"${folder}_backup_stop_sentinel.json"
      """;

  @TempDir(factory = EnterableTempDir.class)
  private static Path shared;

  private static TestPostgres postgres;

  @TempDir private Path folder;
  private TestArchive archive;

  // opened by each test
  @SuppressWarnings("NullAway.Init")
  private Walg walg;

  private Packing packing = Packing.plain(Codec.LZ4);

  @BeforeAll
  static void start() {
    postgres = TestPostgres.create(PostgresRelease.NEWEST, shared).start();
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  @BeforeEach
  void openArchive() {
    archive = TestArchive.create(TestArchive.Kind.DIRECTORY, folder);
  }

  @AfterEach
  void close() {
    if (walg != null) {
      walg.close();
    }
    archive.close();
  }

  @Test
  void oneThatDoesNothingAndSaysThatItSucceededHasTakenNothing() throws IOException {
    Problem problem = failure("echo 'INFO: Wrote backup with name base_X' >&2; exit 0", PATIENT);

    assertThat(problem).isInstanceOf(Problem.VerificationFailed.class);
    assertThat(problem.message())
        .isEqualTo("wal-g backup-push reported success, and the archive holds no new base backup");
  }

  @Test
  void whatAFailedOneLeftIsRemoved() throws IOException {
    Problem problem =
        failure(
            WRITES_A_BACKUP
                + "echo 'ERROR: 2026/11/21 02:13:41.1 no space left on device' >&2; exit 1",
            PATIENT);

    assertThat(problem.message())
        .isEqualTo("wal-g backup-push failed (exit status 1): no space left on device");
    assertThat(archive.store().list("")).isEmpty();
  }

  @Test
  void oneThatHangsIsStoppedAndLeavesNoProcess() throws IOException {
    Problem problem =
        failure(
            "echo $$ >>'%1$s/pids'; sleep 1000 & echo $! >>'%1$s/pids'; wait".formatted(folder),
            new BackupDeadlines(PATIENCE, Duration.ofSeconds(1), Duration.ofSeconds(1)));

    assertThat(problem).isInstanceOf(Problem.TimedOut.class);
    assertThat(problem.message()).isEqualTo("wal-g backup-push did nothing for 2 s");
    Orphans.assertNone(folder.resolve("pids"));
  }

  @Test
  void oneThatTheSystemKilledIsSaidToHaveNeededTooMuchMemory() throws IOException {
    Problem problem = failure(WRITES_A_BACKUP + "kill -s KILL $$", PATIENT);

    assertThat(problem.message()).startsWith("wal-g backup-push was killed (SIGKILL)");
    assertThat(archive.store().list("")).isEmpty();
  }

  @Test
  void oneThatGoesToAnotherServerIsStopped() throws IOException {
    Problem problem =
        failure(
            """
            echo 'ERROR: Failed to connect using provided PGHOST and PGPORT, trying localhost:5432' >&2
            echo $$ >>'%s/pids'
            exec sleep 1000
            """
                .formatted(folder),
            PATIENT);

    assertThat(problem).isInstanceOf(Problem.PostgresFailed.class);
    assertThat(problem.message())
        .isEqualTo("wal-g could not connect to the server, and tried another one, localhost:5432");
    Orphans.assertNone(folder.resolve("pids"));
  }

  @Test
  void aBackupOfAnotherServerIsRefused() throws IOException {
    Problem problem = failure(WRITES_A_BACKUP + WRITES_A_SENTINEL.formatted("4711"), PATIENT);

    assertThat(problem).isInstanceOf(Problem.Refused.class);
    assertThat(problem.message()).startsWith("wal-g backed up another server: " + NAME);
    assertNotOffered();
  }

  @Test
  void aBackupWithoutAllItsTarsIsNotWhole() throws IOException {
    Problem problem =
        failure(
            WRITES_A_BACKUP
                + "rm \"$folder/tar_partitions/part_001.tar.lz4\"\n"
                + WRITES_A_SENTINEL.formatted(systemIdentifier()),
            PATIENT);

    assertThat(problem).isInstanceOf(Problem.VerificationFailed.class);
    assertThat(problem.message()).contains("is not whole: [part_001.tar.lz4] missing");
    assertNotOffered();
  }

  @Test
  void aBackupOverTheLeftoversOfAnotherIsNotTrusted() throws IOException {
    create(NAME + "/tar_partitions/part_002.tar.lz4");

    Problem problem =
        failure(WRITES_A_BACKUP + WRITES_A_SENTINEL.formatted(systemIdentifier()), PATIENT);

    assertThat(problem.message()).contains("written over what an earlier attempt");
    assertNotOffered();
  }

  @Test
  void aBackupWithoutItsWalIsNotTakenAndItsSentinelStays() throws IOException {
    Problem problem =
        failure(
            WRITES_A_BACKUP + WRITES_A_SENTINEL.formatted(systemIdentifier()),
            new BackupDeadlines(PATIENCE, PATIENCE, Duration.ofSeconds(1)));

    assertThat(problem.message())
        .startsWith("WAL segment 0000000100000000000000AB did not reach the store");
    assertThat(archive.store().head(archive.layout().sentinel(NAME))).isPresent();
  }

  @Test
  void aWholeBackupWithItsWalIsTaken() throws IOException {
    archive
        .store()
        .create(
            new ObjectKey(archive.layout().wal().path() + "0000000100000000000000AB.lz4"),
            new byte[9],
            Map.of());

    TakenBackup taken =
        push(WRITES_A_BACKUP + WRITES_A_SENTINEL.formatted(systemIdentifier()), PATIENT);

    assertThat(taken.name()).isEqualTo(NAME);
  }

  @Test
  void aBackupThatIsNotEncryptedAlthoughItWasToBeIsNotTaken() throws IOException {
    packing = new Packing(Codec.NONE, new TestKeys(folder).libsodium());

    Problem problem =
        failure(
            WRITES_A_BACKUP
                + "printf 'backup_label\\0\\0' >\"$folder/tar_partitions/backup_label.tar.lz4\"\n"
                + WRITES_A_SENTINEL.formatted(systemIdentifier()),
            PATIENT);

    assertThat(problem).isInstanceOf(Problem.VerificationFailed.class);
    assertThat(problem.message())
        .endsWith(
            "was to be encrypted, but was read back and is not: it can be read without a key");
    assertThat(problem.hint().orElseThrow())
        .contains("'wal-g delete target %s --confirm'".formatted(NAME));
    assertNotOffered();
  }

  /// Its sentinel stands, and neither a restore nor a delta is offered it.
  private void assertNotOffered() {
    assertThat(archive.store().head(archive.layout().sentinel(NAME))).isPresent();
    Catalog catalog = new Catalog(archive.store());
    Lineage lineage =
        catalog.lineages(new PrefixTemplate(archive.layout().prefix().toString())).getFirst();
    assertThat(catalog.read(lineage).backups()).isEmpty();
    try (PostgresClient client = PostgresClient.connect(postgres.configOverSocket())) {
      assertThatThrownBy(
              () ->
                  DeltaChoice.in(archive.store(), archive.layout(), ObjectCipher.NONE, DELTA_RULES)
                      .parent(
                          BackupRequest.of(BackupRequest.Kind.DELTA),
                          client.facts(),
                          postgres.dataDirectory()))
          .hasMessageContaining(NAME + " was withdrawn");
    }
  }

  @Test
  void aDeltaOnWhatCannotBearOneIsRefusedBeforeWalgIsAsked() throws IOException {
    createAParentThatDoesNotSayWhereItBegan();

    Problem problem =
        failure(
            "echo \"$*\" >'%s/asked'; exit 1".formatted(folder),
            PATIENT,
            BackupRequest.of(BackupRequest.Kind.DELTA));

    assertThat(problem).isInstanceOf(Problem.Refused.class);
    assertThat(problem.message()).startsWith("there can be no delta: the sentinel of " + NAME);
    assertThat(folder.resolve("asked")).doesNotExist();
  }

  @Test
  void aConfiguredDeltaOnWhatCannotBearOneIsAFullBackup() throws IOException {
    createAParentThatDoesNotSayWhereItBegan();

    var _ =
        failure(
            "echo \"$* $WALG_DELTA_MAX_STEPS\" >'%s/asked'; exit 1".formatted(folder),
            PATIENT,
            BackupRequest.CONFIGURED);

    assertThat(folder.resolve("asked")).content().contains(" --full").endsWith(" 0\n");
  }

  private void createAParentThatDoesNotSayWhereItBegan() {
    archive.store().create(archive.layout().sentinel(NAME), bytes("{\"Version\":2}"), Map.of());
    archive.store().create(archive.layout().metadata(NAME), bytes("{}"), Map.of());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static String systemIdentifier() {
    return postgres.value("select system_identifier from pg_control_system()");
  }

  private void create(String path) {
    archive
        .store()
        .create(new ObjectKey(archive.layout().baseBackups().path() + path), new byte[9], Map.of());
  }

  private Problem failure(String script, BackupDeadlines deadlines) throws IOException {
    return failure(script, deadlines, BackupRequest.FULL);
  }

  private Problem failure(String script, BackupDeadlines deadlines, BackupRequest request) {
    return Optional.ofNullable(
            catchThrowableOfType(PgBackupException.class, () -> push(script, deadlines, request)))
        .orElseThrow(() -> new AssertionError("it succeeded"))
        .problem();
  }

  private TakenBackup push(String script, BackupDeadlines deadlines) throws IOException {
    return push(script, deadlines, BackupRequest.FULL);
  }

  private TakenBackup push(String script, BackupDeadlines deadlines, BackupRequest request)
      throws IOException {
    walg =
        Walg.open(
            WalgConfigs.of(archive, postgres.configOverSocket()),
            StandIn.versioned(folder, script));
    return walg.backups(
            archive.store(),
            archive.layout(),
            postgres.configOverSocket(),
            new WalgBackupEngine.Settings(packing, 0, DELTA_RULES, Optional.empty(), deadlines),
            Clock.systemUTC())
        .push(request, new QuietListener());
  }
}
