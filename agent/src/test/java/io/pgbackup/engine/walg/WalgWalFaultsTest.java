package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.CredentialJson;
import io.pgbackup.config.PgBackupConfig.CredentialSource;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.SteppingClock;
import io.pgbackup.testing.TestKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A daemon that misbehaves: whatever it does, nothing is called stored that is not, and nothing
/// absent that is there. The process is a stand-in that does nothing, its socket the test's.
class WalgWalFaultsTest {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("orders"));
  private static final WalFileName NAME = WalFileName.parse("00000002.history");
  private static final byte[] CONTENT = "1\t0/5000000\tno recovery target\n".getBytes(UTF_8);
  private static final byte[] OTHER = "1\t0/6000000\tno recovery target\n".getBytes(UTF_8);
  private static final String IDLE = "echo $$ >>pids; exec sleep 1000";

  private final MemoryObjectStore store = new MemoryObjectStore();
  private final EmbeddedWalEngine embedded =
      new EmbeddedWalEngine(store, LAYOUT, Codec.LZ4, Optional.empty());
  private Packing packing = Packing.plain(Codec.LZ4);
  private final Children children = new Children();

  /// Shorter where a test waits for its end.
  private Duration answer = Duration.ofSeconds(30);

  private Duration startup = Duration.ofSeconds(30);
  private final SteppingClock clock = new SteppingClock(Instant.parse("2026-11-21T00:00:00Z"));

  private Optional<StoreCredentials> credentials = Optional.empty();

  @TempDir private Path folder;
  private Path socket;
  private Path spool;

  // opened by given
  @SuppressWarnings("NullAway.Init")
  private StandInDaemon daemon;

  // opened by given
  @SuppressWarnings("NullAway.Init")
  private WalgWalEngine engine;

  @BeforeEach
  void folders() throws IOException {
    socket = folder.resolve("s");
    spool = Files.createDirectories(folder.resolve("data/pg_wal"));
  }

  @AfterEach
  void close() throws IOException {
    if (engine != null) {
      engine.close();
    }
    if (daemon != null) {
      daemon.close();
    }
    assertThat(spool).as("the spool is clean").isEmptyDirectory();
  }

  /// P11.
  @Test
  void whatItSaysItStoredIsLookedFor() throws IOException {
    given(IDLE, _ -> 'O');

    Problem problem = problem(() -> engine.push(NAME, CONTENT));

    assertThat(problem).isInstanceOf(Problem.StorageFailed.class);
    assertThat(problem.message())
        .startsWith("wal-g said that it had stored 00000002.history, and")
        .endsWith("does not list it");
  }

  @Test
  void whatItStoredIsStored() throws IOException {
    given(IDLE, _ -> stores(CONTENT));

    assertThat(engine.push(NAME, CONTENT)).isEqualTo(Pushed.STORED);
    assertThat(engine.push(NAME, CONTENT)).isEqualTo(Pushed.ALREADY_STORED);
  }

  @Test
  void whatItDidNotEncryptIsNeverAcknowledgedAndNothingFollows() throws IOException {
    packing = new Packing(Codec.LZ4, new TestKeys(folder).libsodium());
    given(IDLE, _ -> stores(CONTENT));

    for (int attempt = 1; attempt <= 2; attempt++) {
      Problem problem = problem(() -> engine.push(NAME, CONTENT));

      assertThat(problem).isInstanceOf(Problem.VerificationFailed.class);
      assertThat(problem.message())
          .endsWith(
              "was to be encrypted, but was read back and is not: it can be read without a key");
    }
  }

  @Test
  void whatItEncryptedIsStored() throws IOException {
    packing = new Packing(Codec.LZ4, new TestKeys(folder).libsodium());
    given(IDLE, _ -> encrypts());

    assertThat(engine.push(NAME, CONTENT)).isEqualTo(Pushed.STORED);
    assertThat(engine.push(NAME, CONTENT)).isEqualTo(Pushed.ALREADY_STORED);
  }

  @Test
  void whatItLeftInPlainTextIsNotAcknowledgedAfterARestartEither() throws IOException {
    // given
    packing = new Packing(Codec.LZ4, new TestKeys(folder).libsodium());
    given(IDLE, _ -> stores(CONTENT));
    var _ = problem(() -> engine.push(NAME, CONTENT));
    engine.close();
    daemon.close();

    // when
    given(IDLE, _ -> 'O');
    Problem problem = problem(() -> engine.push(NAME, CONTENT));

    // then
    assertThat(problem).isInstanceOf(Problem.Refused.class);
    assertThat(problem.message())
        .isEqualTo(
            "orders/wal_005/00000002.history.lz4 is to be encrypted, and stands there in plain text");

    // and when
    store.delete(List.of(LAYOUT.wal(NAME, Codec.LZ4)));
    answer(_ -> encrypts());

    // then
    assertThat(engine.push(NAME, CONTENT)).isEqualTo(Pushed.STORED);
  }

  @Test
  void anErrorIsToldByWhatItLogged() throws IOException {
    given(
        """
        echo $$ >>pids
        echo 'INFO: 2026/11/21 02:13:40.2 path contains pgdata' >&2
        while [ ! -e go ]; do sleep 0.05; done
        echo 'ERROR: 2026/11/21 02:13:41.1 Message loop failure: read message from @, err: failed to read params: EOF' >&2
        echo 'ERROR: 2026/11/21 02:13:41.1 Sending error response failed: write: broken pipe' >&2
        sleep 0.2
        echo 'ERROR: 2026/11/21 02:13:41.2 Message loop failure: AccessDenied: no' >&2
        exec sleep 1000
        """,
        _ -> {
          touch("go");
          return 'E';
        });

    Problem problem = problem(() -> engine.push(NAME, CONTENT));

    assertThat(problem.message()).isEqualTo("wal-g failed: Message loop failure: AccessDenied: no");
    assertThat(problem.hint().orElseThrow()).contains("rights of the credentials");
    assertThat(store.list("")).isEmpty();
  }

  @Test
  void oneThatFailsWithAnEarlierCredentialIsFollowedByOneThatAsksForTheNew() throws IOException {
    credentials = Optional.of(credentialsIn("id-1"));
    AtomicInteger asked = new AtomicInteger();
    given(
        IDLE,
        _ -> {
          if (asked.incrementAndGet() == 1) {
            write(folder.resolve("id"), "id-2".getBytes(UTF_8));
            return 'E';
          }
          stores(CONTENT);
          return 'O';
        });

    assertThat(engine.push(NAME, CONTENT)).isEqualTo(Pushed.STORED);

    assertThat(asked).hasValue(2);
    assertStarted(2);
  }

  @Test
  void oneThatFailsWithTheCredentialThatCountsGoesOn() throws IOException {
    credentials = Optional.of(credentialsIn("id-1"));
    given(IDLE, _ -> 'E');

    assertThat(problem(() -> engine.push(NAME, CONTENT)).message()).isEqualTo("wal-g failed");

    assertStarted(1);
  }

  @Test
  void aFailureUnderACredentialThatEndedIsThatOfTheCredential() throws IOException {
    CredentialDocument ended =
        new CredentialDocument(
            Role.ARCHIVER,
            "backups",
            StoreFolder.of("orders"),
            new AccessKeys("id", "secret", Optional.empty()),
            Instant.parse("2026-11-20T00:00:00Z"),
            Optional.of(Instant.parse("2026-11-20T12:00:00Z")));
    credentials =
        Optional.of(
            StoreCredentials.of(
                storage(
                    new CredentialJson(
                        PrivateFile.write(folder.resolve("document"), ended.json())))));
    given(IDLE, _ -> 'E');

    Problem problem = problem(() -> engine.push(NAME, CONTENT));

    assertThat(problem.message())
        .startsWith("credential expired: that of the archiver")
        .endsWith("; wal-g failed");
    assertThat(problem.retryMayHelp()).isTrue();
  }

  private StoreCredentials credentialsIn(String id) {
    return StoreCredentials.of(
        storage(
            new CredentialFiles(
                PrivateFile.write(folder.resolve("id"), id),
                PrivateFile.write(folder.resolve("secret"), "secret"),
                Optional.empty())));
  }

  private static StorageConfig storage(CredentialSource source) {
    return new StorageConfig(
        URI.create("s3://backups"),
        Optional.empty(),
        "us-east-1",
        false,
        Optional.empty(),
        Optional.of(source),
        "orders");
  }

  @Test
  void whoWasFirstWithTheSameContentMakesAnErrorASuccess() throws IOException {
    given(
        IDLE,
        _ -> {
          stores(CONTENT);
          return 'E';
        });

    assertThat(engine.push(NAME, CONTENT)).isEqualTo(Pushed.ALREADY_STORED);
  }

  @Test
  void whoWasFirstWithOtherContentIsNeverOverwritten() throws IOException {
    given(
        IDLE,
        _ -> {
          stores(OTHER);
          return 'E';
        });

    Problem problem = problem(() -> engine.push(NAME, CONTENT));

    assertThat(problem).isInstanceOf(Problem.Refused.class);
    assertThat(problem.message()).contains("already holds other content");
    assertThat(embedded.fetch(NAME)).hasValue(OTHER);
  }

  /// P19.
  @Test
  void oneThatHangsIsKilledAndStartedAgain() throws IOException {
    // given
    answer = Duration.ofSeconds(2);
    given(IDLE, _ -> StandInDaemon.SILENCE);

    // when
    Problem problem = problem(() -> engine.push(NAME, CONTENT));

    // then
    assertThat(problem).isInstanceOf(Problem.TimedOut.class);
    assertThat(problem.retryMayHelp()).isTrue();
    assertNothingRuns();
    assertThat(problem(() -> engine.push(NAME, CONTENT)).message())
        .isEqualTo("wal-g daemon died, and is started again in a while");

    // and when
    clock.advance(Duration.ofSeconds(1));
    answer(_ -> stores(CONTENT));

    // then
    assertThat(engine.push(NAME, CONTENT)).isEqualTo(Pushed.STORED);
    assertThat(children.restarts()).isEqualTo(1);
  }

  @Test
  void oneThatDiesAtOnceSaysWhyAndIsTriedLessAndLessOften() throws IOException {
    given("echo 'ERROR: 2026/11/21 02:13:41.2 no storage is configured' >&2; exit 1", null);

    Problem problem = problem(() -> engine.push(NAME, CONTENT));

    assertThat(problem.message())
        .isEqualTo("wal-g daemon failed (exit status 1): no storage is configured");
    assertThat(problem.retryMayHelp()).isTrue();
    for (int pause = 500; pause <= 16_000; pause *= 2) {
      clock.advance(Duration.ofMillis(pause - 1));
      assertThat(problem(() -> engine.push(NAME, CONTENT)).message()).contains("in a while");
      clock.advance(Duration.ofMillis(1));
      assertThat(problem(() -> engine.push(NAME, CONTENT)).message()).contains("exit status 1");
    }
  }

  @Test
  void oneThatTheSystemKillsIsSaidToHaveNeededTooMuchMemory() throws IOException {
    answer = Duration.ofSeconds(2);
    given("sleep 0.3; kill -s KILL $$", _ -> StandInDaemon.SILENCE);

    assertThat(problem(() -> engine.push(NAME, CONTENT)).message())
        .startsWith("wal-g daemon was killed (SIGKILL)");
  }

  @Test
  void oneThatNeverOpensItsSocketIsKilled() throws IOException {
    startup = Duration.ofSeconds(3);
    given("echo $$ >>pids; head -c 100000 /dev/urandom >&2; exec sleep 1000", null);

    Problem problem = problem(() -> engine.push(NAME, CONTENT));

    assertThat(problem.message()).startsWith("wal-g daemon opened no socket within 3 s");
    assertNothingRuns();
  }

  @Test
  void rubbishAndAClosedConnectionAreFailures() throws IOException {
    given(IDLE, type -> type == 'F' ? 'x' : StandInDaemon.END);

    assertThat(problem(() -> engine.push(NAME, CONTENT)).message())
        .isEqualTo("lost the connection to wal-g daemon: the daemon sent an unknown reply 0x78");
    assertThat(problem(() -> engine.fetch(NAME)).message())
        .contains("closed the connection before it answered");
    assertThat(store.list("")).isEmpty();
  }

  @Test
  void whatItCallsAbsentIsAbsentOnlyIfTheListingAgrees() throws IOException {
    given(IDLE, _ -> 'N');

    assertThat(engine.fetch(NAME)).isEmpty();
    stores(CONTENT);
    Problem problem = problem(() -> engine.fetch(NAME));

    assertThat(problem.message()).startsWith("wal-g does not find 00000002.history, and");
    assertThat(problem.retryMayHelp()).isTrue();
  }

  @Test
  void aFetchThatFailsIsNeverAbsence() throws IOException {
    given(IDLE, _ -> 'E');
    assertThat(problem(() -> engine.fetch(NAME))).isInstanceOf(Problem.StorageFailed.class);
  }

  @Test
  void aFetchThatDeliversNothingIsAFailure() throws IOException {
    given(IDLE, _ -> 'O');

    assertThat(problem(() -> engine.fetch(NAME)).message()).contains("the spool of wal-g");
  }

  @Test
  void aPieceOfASegmentIsNotDelivered() throws IOException {
    given(
        IDLE,
        _ -> {
          write(spool.resolve("fetched-1"), new byte[4096]);
          return 'O';
        });

    assertThat(problem(() -> engine.fetch(WalFileName.parse("000000010000000000000005"))).message())
        .isEqualTo("000000010000000000000005 holds 4096 bytes, which is no whole segment");
  }

  /// Stored by somebody, at that moment.
  private int stores(byte[] content) {
    embedded.push(NAME, content);
    return 'O';
  }

  private int encrypts() {
    reading().push(NAME, CONTENT);
    return 'O';
  }

  /// With the keys that are configured.
  private EmbeddedWalEngine reading() {
    return new EmbeddedWalEngine(store, LAYOUT, packing, Optional.empty());
  }

  private void touch(String name) {
    write(folder.resolve(name), new byte[0]);
  }

  private static void write(Path file, byte[] content) {
    try {
      Files.write(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void given(String script, @Nullable ToIntFunction<Character> answers) throws IOException {
    Path standIn = StandIn.script(folder, script);
    if (answers != null) {
      daemon = new StandInDaemon(socket, answers);
    }
    WalgDaemon process =
        new WalgDaemon(
            "push",
            new WalgProcess.Command(
                List.of(standIn.toString(), "daemon"),
                Map.of("PATH", Objects.requireNonNullElse(System.getenv("PATH"), "/usr/bin:/bin")),
                folder,
                new Redaction(List.of())),
            socket,
            startup,
            children,
            credentials,
            clock);
    engine =
        new WalgWalEngine(
            store,
            LAYOUT,
            packing,
            reading(),
            new WalgWalEngine.Lane(process, spool),
            new WalgWalEngine.Lane(process, spool),
            new WalgWalEngine.Deadlines(answer, answer));
  }

  private void answer(ToIntFunction<Character> answers) throws IOException {
    daemon.close();
    daemon = new StandInDaemon(socket, answers);
  }

  /// The test's socket answers whether or not the process has come to its first line.
  private void assertStarted(int processes) {
    await()
        .ignoreExceptionsInstanceOf(NoSuchFileException.class)
        .untilAsserted(
            () -> assertThat(Files.readAllLines(folder.resolve("pids"))).hasSize(processes));
  }

  private void assertNothingRuns() throws IOException {
    Orphans.assertNone(folder.resolve("pids"));
  }

  private static Problem problem(Supplier<?> action) {
    return Optional.ofNullable(catchThrowableOfType(PgBackupException.class, action::get))
        .orElseThrow(() -> new AssertionError("it succeeded"))
        .problem();
  }
}
