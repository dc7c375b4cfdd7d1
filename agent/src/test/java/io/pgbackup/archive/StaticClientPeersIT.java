package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.archive.CompiledClient.Ended;
import io.pgbackup.problem.PgBackupException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The static client of `sidecar-image` against peers that are no proper agent.
@Timeout(120)
class StaticClientPeersIT {
  private static final String SEGMENT = "000000010000000000000001";
  private static final int RANDOM_RUNS = 60;

  @TempDir private static Path compiled;
  private static Path program;

  @TempDir private Path folder;
  private Path data;
  private CompiledClient client;
  private ServerSocketChannel peer;

  @BeforeAll
  static void compile() throws Exception {
    program = CompiledClient.compile(compiled);
  }

  @BeforeEach
  void listen() throws IOException {
    data = Files.createDirectory(folder.resolve("data"));
    client = new CompiledClient(program, folder.resolve("archive.sock"));
    peer = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    peer.bind(UnixDomainSocketAddress.of(client.socket()));
  }

  @AfterEach
  void close() throws IOException {
    peer.close();
  }

  /// Reads one request to its end, answers with these octets, and closes; once more where the
  /// client is to ask in another way.
  private CompletableFuture<SocketRequest> answer(byte[] reply) {
    return answer(reply, reply);
  }

  private CompletableFuture<SocketRequest> answer(byte[] first, byte[] second) {
    var asked = new CompletableFuture<SocketRequest>();
    Thread.ofVirtual()
        .name("test-peer")
        .start(
            () -> {
              try {
                SocketRequest request = converse(first);
                asked.complete(request);
                if (request instanceof SocketRequest.FetchOrTake && notUnderstood(first)) {
                  converse(second);
                }
              } catch (IOException e) {
                asked.completeExceptionally(e);
              }
            });
    return asked;
  }

  private SocketRequest converse(byte[] reply) throws IOException {
    try (SocketChannel connection = peer.accept()) {
      var reader = new RequestReader(connection);
      SocketRequest request = reader.request(reader.operation().orElseThrow());
      if (request instanceof SocketRequest.Push(_, _, var size)) {
        Wire.readContent(connection, new byte[(int) size]);
      }
      Wire.writeFully(connection, ByteBuffer.wrap(reply));
      return request;
    }
  }

  @Test
  void anAgentThatKnowsNoFilesIsAskedForContent() throws Exception {
    byte[] content = {1, 2, 3};
    var asked = answer(new SocketReply.BadRequest("unknown").encode().array(), delivering(content));

    assertThat(client.run(data, "fetch", SEGMENT, "x")).isEqualTo(new Ended(0, ""));

    assertThat(asked.get()).isInstanceOf(SocketRequest.FetchOrTake.class);
    assertThat(data.resolve("x")).hasBinaryContent(content);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  private static byte[] delivering(byte[] content) throws IOException {
    var octets = new ByteArrayOutputStream();
    octets.write(new SocketReply.Delivered(content.length).encode().array());
    Wire.writeContent(Channels.newChannel(octets), content);
    return octets.toByteArray();
  }

  @ParameterizedTest
  @CsvSource({"00, 0, 126", "01, 1, 1", "02, 1, 126", "03, 1, 126", "04, 1, 126", "09, 1, 126"})
  void everyStatusBecomesTheExitStatusOfTheProtocol(String status, int push, int fetch)
      throws Exception {
    Files.write(data.resolve(SEGMENT), new byte[100]);
    byte[] reply = hex("01" + status + "0002 0000000000000000 6e6f");

    var _ = answer(reply);
    assertThat(client.run(data, "push", SEGMENT).status()).isEqualTo(push);
    var _ = answer(reply);
    assertThat(client.run(data, "fetch", SEGMENT, "x").status()).isEqualTo(fetch);
    Files.createFile(data.resolve("standby.signal"));
    var _ = answer(reply);
    assertThat(client.run(data, "fetch", SEGMENT, "x").status()).isEqualTo(1);
    assertThat(data.resolve("x")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // closed without a word
        "45", // WAL-G's daemon
        "0100", // cut in the head
        "0100ffff0000000000000000", // text beyond the limit
        "01000000ffffffffffffffff", // content beyond the limit
        "010300ff0000000000000000" // cut in the text
      })
  void nothingButAWholeReplyCounts(String reply) throws Exception {
    Files.write(data.resolve(SEGMENT), new byte[100]);
    var _ = answer(hex(reply));
    assertThat(client.run(data, "push", SEGMENT).status()).isEqualTo(1);
    var _ = answer(hex(reply));
    assertThat(client.run(data, "fetch", SEGMENT, "x").status()).isEqualTo(126);
    var _ = answer(hex(reply));
    assertThat(client.run(data, "ping").status()).isEqualTo(1);
  }

  @Test
  void aReplyBeforeTheEndOfAPushCounts() throws Exception {
    Files.write(data.resolve(SEGMENT), new byte[16 << 20]);
    Thread.ofVirtual()
        .name("test-peer")
        .start(
            () -> {
              try (SocketChannel connection = peer.accept()) {
                Wire.writeFully(connection, new SocketReply.Refused("no\nmore\u001b[1m").encode());
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });

    assertThat(client.run(data, "push", SEGMENT)).isEqualTo(new Ended(1, "ERROR: no more [1m\n"));
  }

  @Test
  void aPeerThatDiesInTheMiddleLeavesNoFile() throws Exception {
    byte[] whole = delivering(new byte[1 << 20]);
    var _ = answer(Arrays.copyOf(whole, whole.length / 2));

    assertThat(client.run(data, "fetch", SEGMENT, "RECOVERYXLOG"))
        .isEqualTo(
            new Ended(
                126,
                """
                ERROR: the transfer with the agent on %s broke off: it closed before the end
                HINT: Look into the agent's log; PostgreSQL keeps the file and asks again.
                """
                    .formatted(client.socket())));
    assertThat(data).isEmptyDirectory();
  }

  @Test
  void aPeerThatHangsIsGivenUp() throws Exception {
    Ended hung = client.run(data, "--timeout", "1", "fetch", SEGMENT, "RECOVERYXLOG");

    assertThat(hung.status()).isEqualTo(126);
    assertThat(hung.err()).contains("said nothing for 1 seconds");
  }

  @ParameterizedTest
  @CsvSource({"false, 126", "true, 1"})
  void aSignalDuringAFetchIsAFailureAndLeavesNoFile(boolean standby, int status) throws Exception {
    if (standby) {
      Files.createFile(data.resolve("standby.signal"));
    }
    Process fetching = client.start(data, "fetch", SEGMENT, "RECOVERYXLOG");
    try (SocketChannel connection = peer.accept()) {
      byte[] whole = delivering(new byte[1 << 20]);
      Wire.writeFully(connection, ByteBuffer.wrap(whole, 0, whole.length - 1));
      await().until(() -> begun("RECOVERYXLOG"));

      fetching.toHandle().destroy();

      assertThat(CompiledClient.end(fetching)).isEqualTo(new Ended(status, ""));
    }
    assertThat(data).isDirectoryNotContaining("glob:**RECOVERYXLOG*");
  }

  private boolean begun(String name) throws IOException {
    try (var files = Files.list(data)) {
      return files.anyMatch(file -> file.getFileName().toString().startsWith(name + ".pgbackup-"));
    }
  }

  /// Replies that were whole before some octets became others: the agent's own reader says what
  /// they mean.
  @Test
  void randomRepliesMeanWhatTheyMeanToTheOtherClient() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int run = 0; run < RANDOM_RUNS; run++) {
      byte[] reply = mutated(delivering(new byte[random.nextInt(200)]), random);
      Optional<byte[]> file = understood(reply);
      var _ = answer(reply);

      Ended ended = client.run(data, "fetch", SEGMENT, "x");

      String what = "seed %d, run %d, %s".formatted(seed, run, HexFormat.of().formatHex(reply));
      assertThat(ended.status()).as(what).isEqualTo(file.isPresent() ? 0 : absent(reply) ? 1 : 126);
      if (file.isPresent()) {
        assertThat(data.resolve("x")).as(what).hasBinaryContent(file.get());
        Files.delete(data.resolve("x"));
      }
      assertThat(data).as(what).isEmptyDirectory();
    }
  }

  private static byte[] mutated(byte[] octets, Random random) {
    byte[] result =
        random.nextInt(4) == 0 ? Arrays.copyOf(octets, random.nextInt(octets.length + 9)) : octets;
    for (int i = random.nextInt(4); i > 0 && result.length > 0; i--) {
      // the head is where meaning lies
      int at = random.nextInt(random.nextBoolean() ? Math.min(12, result.length) : result.length);
      result[at] = (byte) (random.nextBoolean() ? random.nextInt(6) : random.nextInt());
    }
    return result;
  }

  private static Optional<byte[]> understood(byte[] reply) {
    ReadableByteChannel channel = Channels.newChannel(new ByteArrayInputStream(reply));
    try {
      if (SocketReply.read(channel, true) instanceof SocketReply.Delivered(var size)
          && size <= reply.length) {
        byte[] content = new byte[(int) size];
        Wire.readContent(channel, content);
        return Optional.of(content);
      }
      return Optional.empty();
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private static boolean absent(byte[] reply) {
    return withoutContent(reply).filter(SocketReply.Absent.class::isInstance).isPresent();
  }

  private static boolean notUnderstood(byte[] reply) {
    return withoutContent(reply).filter(SocketReply.BadRequest.class::isInstance).isPresent();
  }

  private static Optional<SocketReply> withoutContent(byte[] reply) {
    try {
      return ByteBuffer.wrap(reply).getLong(4) == 0
          ? Optional.of(
              SocketReply.read(Channels.newChannel(new ByteArrayInputStream(reply)), true))
          : Optional.empty();
    } catch (IOException | IndexOutOfBoundsException _) {
      return Optional.empty();
    }
  }

  @Test
  void randomIdentitiesMeanWhatTheyMeanToTheOtherClient() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    String[] parts = {
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "\"uid\"",
      "\"a\\\"b\"",
      "\"own-1\"",
      "1",
      " ",
      "{\"uid\":",
      "null"
    };
    for (int run = 0; run < RANDOM_RUNS; run++) {
      var json = new StringBuilder(random.nextInt(8) == 0 ? "" : "{");
      for (int i = random.nextInt(9); i > 0; i--) {
        json.append(parts[random.nextInt(parts.length)]);
      }
      Path identity = folder.resolve("data.pgbackup.json");
      Files.writeString(identity, json);
      String what = "seed %d, run %d, %s".formatted(seed, run, json);
      Optional<String> expected = uid();
      CompletableFuture<SocketRequest> asked = answer(new SocketReply.Absent("").encode().array());

      Ended ended = client.run(data, "fetch", SEGMENT, "x");

      if (expected.isPresent()) {
        assertThat(asked.get())
            .as(what)
            .isEqualTo(new SocketRequest.FetchOrTake(SEGMENT, expected.get()));
      } else {
        assertThat(ended.status()).as(what).isEqualTo(126);
        assertThat(asked).as(what).isNotDone();
        peer.close();
        Files.delete(client.socket());
        peer = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        peer.bind(UnixDomainSocketAddress.of(client.socket()));
      }
    }
  }

  private Optional<String> uid() {
    try {
      return SenderUid.beside(data).map(uid -> uid.value());
    } catch (PgBackupException _) {
      return Optional.empty();
    }
  }

  @Test
  void aPathFromTheEnvironmentIsTheSocket() throws Exception {
    var builder = new ProcessBuilder(program.toString(), "ping").directory(folder.toFile());
    builder.environment().put("PGBACKUP_WAL_SOCKET", client.socket().toString());
    var _ = answer(new SocketReply.Done().encode().array());

    assertThat(CompiledClient.end(builder.start())).isEqualTo(new Ended(0, ""));
  }
}
