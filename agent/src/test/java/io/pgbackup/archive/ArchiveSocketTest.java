package io.pgbackup.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ArchiveSocketTest {
  private static final String SEGMENT = "000000010000000000000001";
  private static final Duration SOON = Duration.ofMillis(100);
  private static final Duration LATE = Duration.ofSeconds(30);
  private static final SocketLimits PATIENT =
      new SocketLimits(2, 16, LATE, LATE, LATE, LATE, LATE, LATE, LATE);

  private static final Retry RETRY = new Retry(Duration.ZERO, Duration.ofMillis(1));

  @TempDir private Path folder;
  private Path path;
  private Path dataDirectory;
  private final MemoryWalEngine engine = new MemoryWalEngine();
  private final WalArchiver archiver =
      new WalArchiver(ArchiveSocketTest::admitOwn, engine, RETRY, Clock.systemUTC());
  private ArchiveSocket socket;

  private static void admitOwn(WalFileName name, byte[] content, Optional<LineageUid> sender) {
    if (sender.isPresent() && !sender.equals(Optional.of(new LineageUid("own")))) {
      throw Problem.refused("another lineage's", "Look.").asException();
    }
  }

  @BeforeEach
  void listen() throws IOException {
    path = folder.resolve("run/archive.sock");
    dataDirectory = folder.resolve("data");
    Files.createDirectories(dataDirectory.resolve("pg_wal/archive_status"));
    socket = open(PATIENT);
  }

  private ArchiveSocket open(SocketLimits limits) {
    return ArchiveSocket.open(
        path, dataDirectory, archiver, new WalServer(engine, RETRY, Clock.systemUTC()), limits);
  }

  private void reopen(SocketLimits limits) {
    socket.close();
    socket = open(limits);
  }

  @AfterEach
  void stop() {
    engine.gate.countDown();
    socket.close();
  }

  private TestClient client() throws IOException {
    return TestClient.connect(path);
  }

  @ParameterizedTest
  @ValueSource(strings = {SEGMENT, "00000002.history", SEGMENT + ".partial"})
  void whatIsPushedIsFetchedAgain(String name) throws IOException {
    byte[] content = segment(1 << 20);
    try (var pushing = client();
        var fetching = client()) {
      assertThat(pushing.push(name, "own", content).reply()).isEqualTo(new SocketReply.Done());
      assertThat(pushing.ended()).isTrue();

      assertThat(fetching.send(new SocketRequest.Fetch(name, "own")).delivered())
          .isEqualTo(content);
    }
  }

  /// P15.
  @Test
  void aPushIsAnsweredOnlyWhenItIsStored() throws IOException {
    engine.gate = new CountDownLatch(1);
    try (var client = client()) {
      client.push(SEGMENT, "", segment(16)).channel().configureBlocking(false);
      await().until(() -> engine.waiting.get() == 1);
      assertThat(client.channel().read(java.nio.ByteBuffer.allocate(1))).isZero();

      client.channel().configureBlocking(true);
      engine.gate.countDown();

      assertThat(client.reply()).isEqualTo(new SocketReply.Done());
      assertThat(engine.files).containsKey(SEGMENT);
    }
  }

  @Test
  void absenceIsAStatusOfItsOwn() throws IOException {
    try (var client = client()) {
      assertThat(client.send(new SocketRequest.Fetch(SEGMENT, "")).reply())
          .isEqualTo(new SocketReply.Absent("the archive has no " + SEGMENT));
    }
  }

  @Test
  void aStoreThatIsAwayIsNeverAbsence() throws IOException {
    engine.failuresToCome = 1;
    try (var client = client()) {
      assertThat(client.send(new SocketRequest.Fetch(SEGMENT, "")).reply())
          .isEqualTo(new SocketReply.Failed("the store is away. Wait."));
    }
  }

  /// P1.
  @Test
  void otherContentIsRefusedAndNothingIsOverwritten() throws IOException {
    byte[] first = segment(16);
    engine.files.put(SEGMENT, first);
    try (var client = client()) {
      assertThat(client.push(SEGMENT, "", segment(17)).reply())
          .isInstanceOf(SocketReply.Refused.class);
      assertThat(engine.files.get(SEGMENT)).isEqualTo(first);
    }
  }

  @Test
  void anotherLineagesSegmentIsRefused() throws IOException {
    try (var client = client()) {
      assertThat(client.push(SEGMENT, "other", segment(16)).reply())
          .isEqualTo(new SocketReply.Refused("another lineage's. Look."));
      assertThat(engine.pushes).hasValue(0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "postgresql.conf", "../../etc/passwd", "00000001000000000000000a"})
  void namesThatAreNoWalFilesAreBadRequests(String name) throws IOException {
    try (var pushing = client();
        var fetching = client()) {
      assertThat(pushing.push(name, "", segment(16)).reply())
          .isInstanceOf(SocketReply.BadRequest.class);
      assertThat(fetching.send(new SocketRequest.Fetch(name, "")).reply())
          .isInstanceOf(SocketReply.BadRequest.class);
    }
  }

  @Test
  void aReplyThatComesBeforeTheContentWasReadIsStillFound() throws IOException {
    try (var client = client()) {
      client.push("no-wal-file", "", new byte[64 << 20]);

      assertThat(client.reply()).isInstanceOf(SocketReply.BadRequest.class);
    }
  }

  @Test
  void contentThatWasChangedOnItsWayIsNotStored() throws IOException {
    try (var client = client()) {
      client
          .send(new SocketRequest.Push(SEGMENT, "", 4))
          .send(new byte[] {1, 2, 3, 4})
          .send(new byte[] {0, 0, 0, 0});

      assertThat(client.reply()).isInstanceOf(SocketReply.BadRequest.class);
      assertThat(engine.pushes).hasValue(0);
    }
  }

  @Test
  void aClientThatDiesInTheMiddleStoresNothingAndHoldsNothing() throws IOException {
    for (int i = 0; i < 10; i++) {
      try (var client = client()) {
        client.send(new SocketRequest.Push(SEGMENT, "", 1000)).send(new byte[500]);
      }
    }
    try (var client = client()) {
      assertThat(client.push("00000002.history", "", segment(16)).reply())
          .isEqualTo(new SocketReply.Done());
    }
    assertThat(engine.files).containsOnlyKeys("00000002.history");
  }

  @Test
  void aPushWhoseClientDiedAfterTheLastOctetIsCarriedOut() throws IOException {
    engine.gate = new CountDownLatch(1);
    try (var client = client()) {
      client.push(SEGMENT, "", segment(16));
      await().until(() -> engine.waiting.get() == 1);
    }
    engine.gate.countDown();

    await().untilAsserted(() -> assertThat(engine.files).containsKey(SEGMENT));
    try (var again = client()) {
      assertThat(again.push(SEGMENT, "", segment(16)).reply()).isEqualTo(new SocketReply.Done());
    }
  }

  /// P19.
  @Test
  void aPushThatTakesTooLongGoesOnAndTheNextAttemptSucceeds() throws IOException {
    failByTakingTooLong();
    assertThat(engine.files).isEmpty();
    engine.gate.countDown();

    await()
        .untilAsserted(
            () -> {
              try (var second = client()) {
                assertThat(second.push(SEGMENT, "", segment(16)).reply())
                    .isEqualTo(new SocketReply.Done());
              }
            });
    assertThat(engine.files).containsKey(SEGMENT);
  }

  @Test
  void aPushThatTakesTooLongCountsAsFailedAndItsFileOnceWhenItIsAskedForAgain() throws IOException {
    failByTakingTooLong();
    assertThat(archiver.status().failed()).isOne();
    assertThat(archiver.status().archived()).isZero();
    assertThat(archiver.status().lastFailure().orElseThrow().problem().message())
        .startsWith("the store did not answer for");

    engine.gate.countDown();
    await().until(() -> archiver.status().underWay() == 0);
    assertThat(archiver.status().last().orElseThrow().name().text())
        .as("it lies in the store, whoever knows of it")
        .isEqualTo(SEGMENT);
    assertThat(archiver.status().archived()).isZero();

    reopen(PATIENT);
    try (var second = client()) {
      assertThat(second.push(SEGMENT, "", segment(16)).reply()).isEqualTo(new SocketReply.Done());
    }
    assertThat(archiver.status().archived()).isOne();
    assertThat(archiver.status().bytes()).isEqualTo(16);
    assertThat(archiver.status().failed()).isOne();
  }

  @Test
  void aPushThatFailsAfterItTookTooLongIsOneFailureWithTheStoresReason() throws IOException {
    engine.failuresToCome = 1;
    failByTakingTooLong();

    engine.gate.countDown();

    await().until(() -> archiver.status().underWay() == 0);
    assertThat(archiver.status().failed()).isOne();
    assertThat(archiver.status().lastFailure().orElseThrow().problem().message())
        .isEqualTo("the store is away");
  }

  private void failByTakingTooLong() throws IOException {
    reopen(new SocketLimits(2, 16, LATE, LATE, LATE, LATE, SOON, LATE, LATE));
    engine.gate = new CountDownLatch(1);
    try (var first = client()) {
      assertThat(first.push(SEGMENT, "", segment(16)).reply())
          .isInstanceOf(SocketReply.Failed.class);
    }
  }

  @Test
  void noMoreFilesThanSlotsAreHeld() throws IOException {
    reopen(new SocketLimits(1, 16, LATE, LATE, LATE, SOON, LATE, LATE, LATE));
    engine.gate = new CountDownLatch(1);
    try (var first = client();
        var second = client()) {
      first.push(SEGMENT, "", segment(16));
      await().until(() -> engine.waiting.get() == 1);

      assertThat(second.push("00000002.history", "", segment(16)).reply())
          .isInstanceOf(SocketReply.Failed.class);
      assertThat(archiver.status().failed()).as("PostgreSQL was told so").isOne();
      engine.gate.countDown();
      assertThat(first.reply()).isEqualTo(new SocketReply.Done());
    }
  }

  /// P21. As many again, where the heap has room for them: here it has.
  @Test
  void inAHurryMoreFilesAreStoredAtOnce() throws IOException {
    engine.gate = new CountDownLatch(1);
    List<TestClient> clients = new ArrayList<>();
    try {
      for (int number = 1; number <= 4; number++) {
        TestClient client = client();
        clients.add(client);
        client.push("00000001000000000000000" + number, "", segment(16));
      }
      await().until(() -> engine.waiting.get() == 2);

      socket.hurry(true);

      await().until(() -> engine.waiting.get() == 4);
      engine.gate.countDown();
      for (TestClient client : clients) {
        assertThat(client.reply()).isEqualTo(new SocketReply.Done());
      }
    } finally {
      for (TestClient client : clients) {
        client.close();
      }
    }
  }

  @Test
  void aSilentClientIsCutOff() throws IOException {
    reopen(new SocketLimits(2, 16, SOON, SOON, SOON, LATE, LATE, LATE, LATE));
    try (var nothing = client();
        var halfHead = client();
        var halfContent = client()) {
      halfHead.send(new byte[] {(byte) SocketProtocol.PUSH, 1, 0});
      halfContent.send(new SocketRequest.Push(SEGMENT, "", 100)).send(new byte[50]);

      assertThat(nothing.ended()).isTrue();
      assertThat(halfHead.ended()).isTrue();
      assertThat(halfContent.ended()).isTrue();
    }
    assertThat(engine.pushes).hasValue(0);
  }

  @Test
  void foreignOctetsNeverEndTheServer() throws IOException {
    var random = new Random(20260821);
    for (int i = 0; i < 500; i++) {
      byte[] octets = new byte[random.nextInt(1, 200)];
      random.nextBytes(octets);
      if (i % 2 == 0) {
        octets[0] = (byte) (0x81 + random.nextInt(3));
      }
      try (var client = client()) {
        client.send(octets).channel().shutdownOutput();
        while (!client.ended()) {
          // whatever is answered, the connection ends
        }
      } catch (IOException _) {
        // reset, because the agent closed with octets unread
      }
    }
    try (var client = client()) {
      assertThat(client.push("00000002.history", "", segment(16)).reply())
          .isEqualTo(new SocketReply.Done());
    }
    assertThat(engine.files).containsOnlyKeys("00000002.history");
  }

  @Test
  void aPingIsAnswered() throws IOException {
    try (var client = client()) {
      assertThat(client.send(new SocketRequest.Ping()).reply()).isEqualTo(new SocketReply.Done());
    }
  }

  @Test
  void walgsClientMayCheckAndThenPush() throws IOException {
    Files.writeString(dataDirectory.resolve("pg_wal").resolve("00000002.history"), "1\t0/1\tx\n");
    Files.createFile(dataDirectory.resolve("pg_wal/archive_status/00000002.history.ready"));
    try (var client = client()) {
      assertThat(client.send(new SocketRequest.Check()).octet()).isEqualTo('O');
      assertThat(client.send(new SocketRequest.Check()).octet()).isEqualTo('O');
      assertThat(client.send(new SocketRequest.PushByName("00000002.history")).octet())
          .isEqualTo('O');
      assertThat(client.ended()).isTrue();
    }
    assertThat(engine.files.get("00000002.history")).isEqualTo("1\t0/1\tx\n".getBytes(UTF_8));
  }

  @Test
  void walgsClientGetsFilesWrittenIntoPgWal() throws IOException {
    byte[] content = segment(1000);
    engine.files.put(SEGMENT, content);
    String absolute = dataDirectory.toAbsolutePath() + "/pg_wal/RECOVERYHISTORY";
    try (var relative = client();
        var inside = client();
        var absent = client();
        var outside = client()) {
      assertThat(
              relative.send(new SocketRequest.FetchByName(SEGMENT, "pg_wal/RECOVERYXLOG")).octet())
          .isEqualTo('O');
      assertThat(inside.send(new SocketRequest.FetchByName(SEGMENT, absolute)).octet())
          .isEqualTo('O');
      assertThat(
              absent
                  .send(new SocketRequest.FetchByName("00000009.history", "pg_wal/RECOVERYHISTORY"))
                  .octet())
          .isEqualTo('N');
      assertThat(outside.send(new SocketRequest.FetchByName(SEGMENT, "/tmp/RECOVERYXLOG")).octet())
          .isEqualTo('E');
    }
    assertThat(dataDirectory.resolve("pg_wal/RECOVERYXLOG")).hasBinaryContent(content);
    assertThat(dataDirectory.resolve("pg_wal/RECOVERYHISTORY")).hasBinaryContent(content);
  }

  private Path fetchedAhead(int number, byte[] content) throws IOException {
    reopen(SocketLimits.DEFAULT);
    engine.files.put(SEGMENT, segment(1 << 20));
    engine.files.put(segmentName(number), content);
    try (var first = client()) {
      first.send(new SocketRequest.Fetch(SEGMENT, "")).delivered();
    }
    Path ahead = folder.resolve("data.pgbackup-ahead");
    await()
        .until(
            () -> {
              String[] names = ahead.toFile().list();
              return names != null && names.length == 1;
            });
    return ahead;
  }

  private static String segmentName(int number) {
    return "0000000100000000000000%02X".formatted(number);
  }

  @Test
  void aClientMayTakeTheFileThatWasFetchedAhead() throws IOException {
    byte[] content = segment(1 << 20);
    Path ahead = fetchedAhead(2, content);
    Path destination = dataDirectory.resolve("pg_wal/RECOVERYXLOG");
    try (var client = client()) {
      client.send(new SocketRequest.FetchOrTake(segmentName(2), "own"));

      assertThat(client.reply())
          .isInstanceOfSatisfying(
              SocketReply.Offered.class,
              offered -> {
                assertThat(offered.size()).isEqualTo(1 << 20);
                assertThat(Path.of(offered.path()).toFile().renameTo(destination.toFile()))
                    .isTrue();
              });
    }
    assertThat(destination).hasBinaryContent(content);
    await().untilAsserted(() -> assertThat(ahead).doesNotExist());
  }

  @Test
  void aClientThatCannotTakeItGetsItsContent() throws IOException {
    byte[] content = segment(1 << 20);
    Path ahead = fetchedAhead(2, content);
    try (var client = client()) {
      client.send(new SocketRequest.FetchOrTake(segmentName(2), "own"));
      assertThat(client.reply()).isInstanceOf(SocketReply.Offered.class);

      assertThat(client.send(new byte[] {SocketProtocol.SEND_IT}).delivered()).isEqualTo(content);
    }
    await().untilAsserted(() -> assertThat(ahead).doesNotExist());
  }

  @Test
  void whoDoesNotKnowOfFilesGetsTheSame() throws IOException {
    byte[] content = segment(1 << 20);
    fetchedAhead(2, content);
    try (var client = client()) {
      assertThat(client.send(new SocketRequest.Fetch(segmentName(2), "own")).delivered())
          .isEqualTo(content);
    }
    fetchedAhead(2, content);
    try (var daemonClient = client()) {
      daemonClient.send(new SocketRequest.FetchByName(segmentName(2), "pg_wal/RECOVERYXLOG"));
      assertThat(daemonClient.octet()).isEqualTo('O');
    }
    assertThat(dataDirectory.resolve("pg_wal/RECOVERYXLOG")).hasBinaryContent(content);
  }

  @Test
  void aFetchThatMayTakeIsAnsweredWithContentWhereNothingIsAhead() throws IOException {
    byte[] content = segment(1000);
    engine.files.put(SEGMENT, content);
    try (var client = client();
        var absent = client()) {
      assertThat(client.send(new SocketRequest.FetchOrTake(SEGMENT, "own")).delivered())
          .isEqualTo(content);
      absent.send(new SocketRequest.FetchOrTake(segmentName(9), "own"));
      assertThat(absent.reply()).isInstanceOf(SocketReply.Absent.class);
    }
  }

  @Test
  void nothingThatWasFetchedAheadOutlivesTheSocket() throws IOException {
    Path ahead = fetchedAhead(2, segment(1 << 20));

    socket.close();

    await().untilAsserted(() -> assertThat(ahead).doesNotExist());
  }

  @Test
  void everyUserMayReachTheSocketBecauseTheirUidDecides() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-rw-rw-");
  }

  @Test
  void aSocketFileOnWhichNobodyAnswersIsReplaced() throws IOException {
    Path stale = folder.resolve("stale.sock");
    try (var gone = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      gone.bind(UnixDomainSocketAddress.of(stale));
    }
    assertThat(stale).exists();
    path = stale;

    reopen(PATIENT);

    try (var client = client()) {
      assertThat(client.send(new SocketRequest.Ping()).reply()).isEqualTo(new SocketReply.Done());
    }
  }

  @Test
  void aLivingAgentsSocketIsLeftAlone() throws IOException {
    assertThatThrownBy(() -> open(PATIENT))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("another agent answers")
        .extracting(e -> ((PgBackupException) e).problem())
        .isInstanceOf(Problem.Refused.class);
    try (var client = client()) {
      assertThat(client.send(new SocketRequest.Ping()).reply()).isEqualTo(new SocketReply.Done());
    }
  }

  @Test
  void aFileThatIsNoSocketIsLeftAlone() throws IOException {
    path = folder.resolve("precious");
    Files.writeString(path, "data");

    assertThatThrownBy(() -> open(PATIENT)).hasMessageContaining("is no socket");
    assertThat(path).hasContent("data");
  }

  @Test
  void closingAnswersWhatIsUnderWayAndRemovesTheFile() throws Exception {
    engine.gate = new CountDownLatch(1);
    try (var idle = client();
        var busy = client()) {
      busy.push(SEGMENT, "", segment(16));
      await().until(() -> engine.waiting.get() == 1);

      Thread closing = Thread.ofVirtual().start(socket::close);
      assertThat(idle.ended()).isTrue();
      assertThat(path).doesNotExist();
      engine.gate.countDown();

      assertThat(busy.reply()).isEqualTo(new SocketReply.Done());
      closing.join();
    }
    assertThatThrownBy(this::client).isInstanceOf(IOException.class);
  }

  @Test
  void closingLeavesTheFileOfAnAgentThatCameLater() throws IOException {
    Files.delete(path);
    try (ArchiveSocket _ = open(PATIENT)) {
      socket.close();

      try (var client = client()) {
        assertThat(client.send(new SocketRequest.Ping()).reply()).isEqualTo(new SocketReply.Done());
      }
    }
  }

  private static byte[] segment(int size) {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    return content;
  }
}
