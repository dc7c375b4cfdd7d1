package io.pgbackup.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.archive.CompiledClient.Ended;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `run` of the static client: programs for a restore, asked for by octets as
/// docs/socket-protocol.md fixes them.
@Timeout(120)
class StaticClientRunIT {
  private static final int RANDOM_RUNS = 40;
  private static final int OK = 0;
  private static final int FAILED = 3;
  private static final int BAD_REQUEST = 4;

  @TempDir private static Path compiled;
  private static Path program;

  @TempDir private Path folder;
  private CompiledClient client;
  private Process runner;

  /// @param number of the process, of the error, or the status that it ended with
  private record Reply(int status, int number) {}

  @BeforeAll
  static void compile() throws Exception {
    program = CompiledClient.compile(compiled);
  }

  @BeforeEach
  void start() throws IOException {
    client = new CompiledClient(program, folder.resolve("programs.sock"));
    runner = client.start(folder, "run");
    await().until(() -> Files.exists(client.socket()));
  }

  @AfterEach
  void stop() {
    runner.destroyForcibly();
  }

  private SocketChannel connect() {
    return await()
        .ignoreExceptions()
        .until(
            () -> {
              SocketChannel connection = SocketChannel.open(StandardProtocolFamily.UNIX);
              connection.connect(UnixDomainSocketAddress.of(client.socket()));
              return connection;
            },
            SocketChannel::isConnected);
  }

  private SocketChannel ask(String output, String... words) throws IOException {
    var octets = new ByteArrayOutputStream();
    octets.writeBytes((output + "\0").getBytes(UTF_8));
    for (String word : words) {
      octets.writeBytes((word + "\0").getBytes(UTF_8));
    }
    ByteBuffer request =
        ByteBuffer.allocate(8 + octets.size())
            .put((byte) 0x84)
            .put((byte) 1)
            .putShort((short) (words.length + 1))
            .putInt(octets.size())
            .put(octets.toByteArray())
            .flip();
    SocketChannel connection = connect();
    connection.write(request);
    return connection;
  }

  private static Reply reply(SocketChannel connection) throws IOException {
    ByteBuffer octets = ByteBuffer.allocate(8);
    while (octets.hasRemaining()) {
      assertThat(connection.read(octets)).as("it answers").isNotNegative();
    }
    assertThat(octets.get(0)).isEqualTo((byte) 1);
    return new Reply(octets.get(1), octets.getInt(4));
  }

  @Test
  void runsAProgramAndTellsHowItEnded() throws IOException {
    Path output = folder.resolve("output");
    try (SocketChannel asked =
        ask(
            output.toString(),
            "sh",
            "-c",
            "echo \"$0 in $PWD\"; echo and >&2; exit 7",
            "two words")) {
      assertThat(reply(asked).status()).isEqualTo(OK);
      assertThat(reply(asked)).isEqualTo(new Reply(OK, 7));
    }
    assertThat(output).hasContent("two words in /\nand");
  }

  @Test
  void aProgramThatIsKilledHasTheStatusOfAShell() throws IOException {
    try (SocketChannel asked = ask("", "sleep", "60")) {
      long pid = reply(asked).number();
      assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();
      assertThat(reply(asked)).isEqualTo(new Reply(OK, 128 + 9));
    }
  }

  @Test
  void saysWhyAProgramCannotBeStarted() throws IOException {
    try (SocketChannel asked = ask("", "no-such-program")) {
      assertThat(reply(asked)).isEqualTo(new Reply(FAILED, 2));
    }
  }

  @Test
  void aProgramSurvivesWhoAskedForIt() throws IOException {
    Path output = folder.resolve("output");
    try (SocketChannel asked = ask(output.toString(), "sh", "-c", "sleep 1; echo done")) {
      reply(asked);
    }
    await().untilAsserted(() -> assertThat(output).hasContent("done"));
  }

  @Test
  void endsWithAFastShutdownOfAllThatItRan() throws Exception {
    Path output = folder.resolve("output");
    try (SocketChannel asked =
        ask(
            output.toString(),
            "sh",
            "-c",
            "trap 'echo fast; exit 0' INT; echo up; while :; do sleep 0.1; done")) {
      reply(asked);
      await().untilAsserted(() -> assertThat(output).hasContent("up"));
      assertThat(runner.toHandle().destroy()).isTrue();
      assertThat(reply(asked)).isEqualTo(new Reply(OK, 0));
    }
    assertThat(CompiledClient.end(runner)).isEqualTo(new Ended(0, ""));
    assertThat(output).hasContent("up\nfast");
    assertThat(client.socket()).doesNotExist();
  }

  @Test
  void nobodyElseMayHaveProgramsRun() throws Exception {
    assertThat(Files.getPosixFilePermissions(client.socket()).toString())
        .doesNotContain("GROUP", "OTHERS");
  }

  @Test
  void understandsNothingElse() throws IOException {
    var random = new Random(4);
    for (int run = 0; run < RANDOM_RUNS; run++) {
      byte[] octets = new byte[random.nextInt(1, 100)];
      random.nextBytes(octets);
      // the right beginning leads further in, to a number of words that are not there
      if (run % 2 == 0 && octets.length > 8) {
        octets[0] = (byte) 0x84;
        octets[1] = 1;
        octets[2] = 0;
        octets[3] = 100;
        octets[4] = 0;
        octets[5] = 0;
        octets[6] = 0;
        octets[7] = (byte) (octets.length - 8);
        for (int at = 8; at < octets.length; at++) {
          octets[at] = 'x';
        }
      }
      try (SocketChannel connection = connect()) {
        connection.write(ByteBuffer.wrap(octets));
        connection.shutdownOutput();
        ByteBuffer answer = ByteBuffer.allocate(8);
        int read = connection.read(answer);
        if (read > 1) {
          assertThat(answer.get(1)).isEqualTo((byte) BAD_REQUEST);
        }
      } catch (IOException _) {
        // closed before all was read; what counts is that it lives on
      }
    }
    assertThat(runner.isAlive()).isTrue();
    runsAProgramAndTellsHowItEnded();
  }
}
