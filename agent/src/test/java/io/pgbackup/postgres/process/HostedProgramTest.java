package io.pgbackup.postgres.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Against a stand-in of the static client's `run`, by the octets of docs/socket-protocol.md.
@Timeout(60)
class HostedProgramTest {
  private static final String REQUEST =
      "84 01 0003 00000015" + HexFormat.of().formatHex("/tmp/out\0echo\0a word\0".getBytes(UTF_8));

  @TempDir private Path folder;
  private Path socket;
  private ServerSocketChannel runner;

  @BeforeEach
  void listen() throws IOException {
    socket = folder.resolve("programs.sock");
    runner = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    runner.bind(UnixDomainSocketAddress.of(socket));
  }

  @AfterEach
  void close() throws IOException {
    runner.close();
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  /// Takes one request, answers with these octets, and closes.
  private CompletableFuture<byte[]> answer(String octets) {
    var asked = new CompletableFuture<byte[]>();
    Thread.ofVirtual()
        .name("test-runner")
        .start(
            () -> {
              try (SocketChannel connection = runner.accept()) {
                ByteBuffer request = ByteBuffer.allocate(hex(REQUEST).length);
                while (request.hasRemaining() && connection.read(request) >= 0) {}
                asked.complete(request.array());
                connection.write(ByteBuffer.wrap(hex(octets)));
              } catch (IOException e) {
                asked.completeExceptionally(e);
              }
            });
    return asked;
  }

  private HostedProgram start() throws IOException {
    return HostedProgram.start(socket, List.of("echo", "a word"), "/tmp/out");
  }

  @Test
  void asksForAProgramAndHearsHowItEnds() throws Exception {
    CompletableFuture<byte[]> asked = answer("01 00 0000 00003039  01 00 0000 00000007");

    HostedProgram program = start();

    assertThat(asked.get()).isEqualTo(hex(REQUEST));
    assertThat(program.pid()).isEqualTo(12345);
    assertThat(program.waitFor()).isEqualTo(7);
    assertThat(program.isAlive()).isFalse();
  }

  @Test
  void saysThatItCannotBeStarted() {
    var _ = answer("01 03 0000 00000002");

    assertThatThrownBy(this::start)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("error number 2");
  }

  @Test
  void whoeverRunsItHasEndedAndItWithHim() throws Exception {
    var _ = answer("01 00 0000 00003039");

    assertThat(start().waitFor()).isEqualTo(137);
  }
}
