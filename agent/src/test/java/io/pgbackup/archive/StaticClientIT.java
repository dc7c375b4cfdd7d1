package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.archive.CompiledClient.Ended;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The static client of `sidecar-image` at the agent's socket.
@Timeout(120)
class StaticClientIT {
  private static final String SEGMENT = "000000010000000000000001";
  private static final String SECOND = "000000010000000000000002";
  private static final Ended DONE = new Ended(0, "");

  @TempDir private static Path compiled;
  private static Path program;

  @TempDir private Path folder;
  private Path data;
  private CompiledClient client;
  private ArchiveSocket agent;
  private final MemoryWalEngine engine = new MemoryWalEngine();

  @BeforeAll
  static void compile() throws Exception {
    program = CompiledClient.compile(compiled);
  }

  @BeforeEach
  void listen() throws IOException {
    data = Files.createDirectory(folder.resolve("data"));
    Path socket = folder.resolve("archive.sock");
    client = new CompiledClient(program, socket);
    var retry = new Retry(Duration.ZERO, Duration.ofMillis(1));
    Admission own =
        (_, _, sender) -> {
          if (sender.isPresent() && !sender.equals(Optional.of(new LineageUid("own")))) {
            throw Problem.refused("another lineage's", "Look.").asException();
          }
        };
    agent =
        ArchiveSocket.open(
            socket,
            data,
            new WalArchiver(own, engine, retry, Clock.systemUTC()),
            new WalServer(engine, retry, Clock.systemUTC()),
            SocketLimits.DEFAULT);
  }

  @AfterEach
  void stop() {
    engine.gate.countDown();
    agent.close();
  }

  private static byte[] random(int size) {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    return content;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 262143, 262145, 16 << 20})
  void aFileOfAnySizeComesBackAsItWas(int size) throws Exception {
    byte[] content = random(size);
    Files.write(data.resolve(SEGMENT), content);

    assertThat(client.run(data, "push", SEGMENT)).isEqualTo(DONE);
    assertThat(engine.files.get(SEGMENT)).isEqualTo(content);
    assertThat(client.run(data, "fetch", SEGMENT, "RECOVERYXLOG")).isEqualTo(DONE);
    assertThat(data.resolve("RECOVERYXLOG")).hasBinaryContent(content);
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(data.resolve("RECOVERYXLOG"))))
        .isEqualTo("rw-------");
    assertThat(client.run(data, "push", data.resolve(SEGMENT).toString()))
        .as("the same again")
        .isEqualTo(DONE);
  }

  /// While PostgreSQL replayed: nothing is left to be copied.
  @Test
  void aSegmentThatWasFetchedAheadIsRenamed() throws Exception {
    byte[] content = random(1 << 20);
    Path ahead = fetchedAhead(content);
    Object inode = Files.getAttribute(ahead.toFile().listFiles()[0].toPath(), "unix:ino");

    assertThat(client.run(data, "fetch", SECOND, "pg_wal/RECOVERYXLOG")).isEqualTo(DONE);

    Path destination = data.resolve("pg_wal/RECOVERYXLOG");
    assertThat(destination).hasBinaryContent(content);
    assertThat(Files.getAttribute(destination, "unix:ino")).isEqualTo(inode);
    await().untilAsserted(() -> assertThat(ahead).doesNotExist());
  }

  @Test
  void whereItCannotBeRenamedItIsCopied() throws Exception {
    byte[] content = random(1 << 20);
    Path ahead = fetchedAhead(content);
    Path shared = Path.of("/dev/shm");
    assumeTrue(Files.isWritable(shared), "needs another file system in /dev/shm");
    Path elsewhere = Files.createTempDirectory(shared, "pgbackup-test");
    try {
      Path destination = elsewhere.resolve("RECOVERYXLOG");
      assertThat(client.run(data, "fetch", SECOND, destination.toString())).isEqualTo(DONE);
      assertThat(destination).hasBinaryContent(content);
      await().untilAsserted(() -> assertThat(ahead).doesNotExist());
    } finally {
      try (var left = Files.list(elsewhere)) {
        for (Path file : left.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(elsewhere);
    }
  }

  private Path fetchedAhead(byte[] content) throws Exception {
    Files.createDirectory(data.resolve("pg_wal"));
    engine.files.put(SEGMENT, random(1 << 20));
    engine.files.put(SECOND, content);
    assertThat(client.run(data, "fetch", SEGMENT, "pg_wal/RECOVERYXLOG")).isEqualTo(DONE);
    Files.delete(data.resolve("pg_wal/RECOVERYXLOG"));
    Path ahead = folder.resolve("data.pgbackup-ahead");
    await()
        .until(
            () -> {
              String[] names = ahead.toFile().list();
              return names != null && names.length == 1;
            });
    return ahead;
  }

  @Test
  void anAgentThatAnswersIsSeen() throws Exception {
    assertThat(client.run(data, "ping")).isEqualTo(DONE);
    agent.close();
    Ended gone = client.run(data, "ping");
    assertThat(gone.status()).isEqualTo(1);
    assertThat(gone.err()).startsWith("ERROR: no agent answers on " + client.socket());
  }

  @Test
  void onlyProvenAbsenceEndsRecovery() throws Exception {
    assertThat(client.run(data, "fetch", SEGMENT, "RECOVERYXLOG")).isEqualTo(new Ended(1, ""));
    engine.failuresToCome = 1;
    assertThat(client.run(data, "fetch", SEGMENT, "RECOVERYXLOG"))
        .isEqualTo(new Ended(126, "ERROR: the store is away. Wait.\n"));
    Files.createFile(data.resolve("standby.signal"));
    engine.failuresToCome = 1;
    assertThat(client.run(data, "fetch", SEGMENT, "RECOVERYXLOG").status())
        .as("a standby goes on streaming")
        .isEqualTo(1);
    assertThat(data).isDirectoryNotContaining("glob:**RECOVERYXLOG*");
  }

  @Test
  void itSaysWhoseDataItCarries() throws Exception {
    Files.write(data.resolve(SEGMENT), random(100));
    Path identity = folder.resolve("data.pgbackup.json");

    Files.writeString(identity, "{\"parent\":{\"uid\":\"own\"},\"uid\":\"other\"}\n");
    assertThat(client.run(data, "push", SEGMENT))
        .isEqualTo(new Ended(1, "ERROR: another lineage's. Look.\n"));
    Files.writeString(identity, "{}");
    assertThat(client.run(data, "push", SEGMENT).status()).isEqualTo(1);
    assertThat(client.run(data, "fetch", SEGMENT, "RECOVERYXLOG").status()).isEqualTo(126);
    assertThat(engine.pushes).as("what an unknown lineage sent").hasValue(0);
    Files.writeString(identity, "{\"parent\":{\"uid\":\"other\"},\"uid\":\"own\"}\n");
    assertThat(client.run(data, "push", SEGMENT)).isEqualTo(DONE);
  }

  @Test
  void otherContentUnderThatNameIsNotStored() throws Exception {
    engine.files.put(SEGMENT, random(10));
    Files.write(data.resolve(SEGMENT), random(11));

    assertThat(client.run(data, "push", SEGMENT).status()).isEqualTo(1);
    assertThat(engine.files.get(SEGMENT)).isEqualTo(random(10));
  }

  @ParameterizedTest
  @CsvSource({
    "'push', 1",
    "'push missing/000000010000000000000001', 1",
    "'push folder', 1",
    "'push 00000001000000000000000g', 1",
    "'push folder/00000003.history', 1",
    "'--wrong push x', 1",
    "'--timeout 0 push x', 1",
    "'fetch', 126",
    "'fetch /etc/passwd x', 126",
    "'fetch 000000010000000000000001', 126",
    "'fetch 000000010000000000000001 missing/x', 126",
    "'fetch 000000010000000000000001 folder', 126",
    "'wrong', 126",
    "'', 126",
  })
  void whatWasNotUnderstoodHasTheStatusOfAFailure(String words, int status) throws Exception {
    engine.files.put(SEGMENT, random(10));
    Files.createDirectories(data.resolve("folder/00000003.history"));

    Ended ended = client.run(data, words.split(" "));

    assertThat(ended.status()).isEqualTo(status);
    assertThat(ended.err()).startsWith("ERROR: ").contains("\nHINT: ");
    assertThat(data).isDirectoryNotContaining("glob:**.pgbackup-*");
  }

  @Test
  void aFullDiskLeavesNothingBehind() throws Exception {
    engine.files.put(SEGMENT, random(1 << 20));

    Ended full = client.runWithoutRoom(data, "fetch", SEGMENT, "RECOVERYXLOG");

    assertThat(full.status()).isEqualTo(126);
    assertThat(full.err()).contains("RECOVERYXLOG").contains("File too large");
    assertThat(data).isEmptyDirectory();
  }

  @Test
  void aSignalDuringAPushIsAFailureAndTheSameContentSucceedsLater() throws Exception {
    Files.write(data.resolve(SEGMENT), random(1000));
    engine.gate = new CountDownLatch(1);
    Process pushing = client.start(data, "push", SEGMENT);
    await().until(() -> engine.waiting.get() == 1);

    pushing.toHandle().destroy();

    assertThat(CompiledClient.end(pushing)).isEqualTo(new Ended(1, ""));
    engine.gate.countDown();
    assertThat(client.run(data, "push", SEGMENT)).isEqualTo(DONE);
  }

  @Test
  void itCopiesItselfForTheDatabaseContainer() throws Exception {
    Path target = Files.createDirectory(folder.resolve("bin"));

    assertThat(client.run(data, "install", target.toString())).isEqualTo(DONE);
    assertThat(client.run(data, "install", target.toString())).as("again").isEqualTo(DONE);

    Path copy = target.resolve("pgbackup-client");
    assertThat(target)
        .isDirectoryContaining(copy::equals)
        .isDirectoryNotContaining("glob:**-[0-9]*");
    assertThat(new CompiledClient(copy, client.socket()).run(data, "ping")).isEqualTo(DONE);
    assertThat(client.run(data, "install", folder.resolve("missing").toString()).status())
        .isEqualTo(1);
  }
}
