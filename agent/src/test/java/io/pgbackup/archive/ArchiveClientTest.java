package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ArchiveClientTest {
  private static final WalFileName SEGMENT = WalFileName.parse("000000010000000000000001");
  private static final Optional<LineageUid> UNKNOWN = Optional.empty();

  @TempDir private Path folder;
  private final MemoryWalEngine engine = new MemoryWalEngine();

  private Path socket() {
    return folder.resolve("archive.sock");
  }

  private ArchiveSocket agent() {
    var retry = new Retry(Duration.ZERO, Duration.ofMillis(1));
    return ArchiveSocket.open(
        socket(),
        folder,
        new WalArchiver((_, _, _) -> {}, engine, retry, Clock.systemUTC()),
        new WalServer(engine, retry, Clock.systemUTC()),
        SocketLimits.DEFAULT);
  }

  private ArchiveClient client() {
    return new ArchiveClient(socket(), Duration.ofSeconds(30));
  }

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve(SEGMENT.text()), content);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 131072, 131073, 16 << 20})
  void aFileOfAnySizeComesBackAsItWas(int size) throws IOException {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    Path destination = folder.resolve("RECOVERYXLOG");
    try (ArchiveSocket _ = agent()) {
      client().push(file(content), UNKNOWN);

      assertThat(client().fetch(SEGMENT, destination, UNKNOWN)).isTrue();
    }
    assertThat(engine.files.get(SEGMENT.text())).isEqualTo(content);
    assertThat(destination).hasBinaryContent(content);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(destination)))
        .isEqualTo("rw-------");
  }

  @Test
  void provenAbsenceIsNoFailureAndLeavesNoFile() throws IOException {
    try (ArchiveSocket _ = agent()) {
      assertThat(client().fetch(SEGMENT, folder.resolve("RECOVERYXLOG"), UNKNOWN)).isFalse();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aRefusalIsARefusalHereToo() throws IOException {
    engine.files.put(SEGMENT.text(), new byte[] {1});
    try (ArchiveSocket _ = agent()) {
      assertThatThrownBy(() -> client().push(file(new byte[] {2}), UNKNOWN))
          .hasMessage(SEGMENT.text() + " stands with other content. Look.")
          .extracting(e -> ((PgBackupException) e).problem())
          .isInstanceOf(Problem.Refused.class);
    }
  }

  @Test
  void withoutAnAgentItSaysWhichSocketWasTried() {
    assertThatThrownBy(() -> client().push(file(new byte[1]), UNKNOWN))
        .hasMessageContaining("no agent answers on " + socket());
  }

  @Test
  void anAgentThatHangsIsGivenUp() throws IOException {
    try (var silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      silent.bind(UnixDomainSocketAddress.of(socket()));

      assertThatThrownBy(() -> new ArchiveClient(socket(), Duration.ofMillis(50)).ping())
          .extracting(e -> ((PgBackupException) e).problem())
          .isInstanceOf(Problem.TimedOut.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // closed without a word
        "45", // WAL-G's daemon
        "0100", // cut in the head
        "01000000000000000000000431", // cut in the content
        "0100000000000000000000043132333400000000", // wrong checksum
        "010900000000000000000000", // a status of the future
        "0100ffff0000000000000000", // text beyond the limit
        "01000000ffffffffffffffff" // content beyond the limit
      })
  void nothingButAWholeReplyDeliversAFile(String reply) throws Exception {
    Path destination = folder.resolve("RECOVERYXLOG");
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket()));
      Thread answering = Thread.ofVirtual().start(() -> answer(server, reply));

      assertThatThrownBy(() -> client().fetch(SEGMENT, destination, UNKNOWN))
          .isInstanceOf(PgBackupException.class);
      answering.join();
    }
    assertThat(destination).doesNotExist();
    assertThat(folder).isDirectoryNotContaining("glob:**.pgbackup-*");
  }

  private static void answer(ServerSocketChannel server, String reply) {
    try (var connection = server.accept()) {
      var reader = new RequestReader(connection);
      reader.request(reader.operation().orElseThrow());
      Wire.writeFully(connection, ByteBuffer.wrap(HexFormat.of().parseHex(reply)));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void onlyWalFilesArePushed() {
    assertThatThrownBy(() -> client().push(Path.of("/etc/passwd"), UNKNOWN))
        .extracting(e -> ((PgBackupException) e).problem())
        .isInstanceOf(Problem.Misconfigured.class);
  }
}
