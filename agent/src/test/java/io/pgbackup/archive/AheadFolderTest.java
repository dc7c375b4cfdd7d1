package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AheadFolderTest {
  private static final String NAME = "000000010000000000000002";
  private static final byte[] CONTENT = {1, 2, 3};

  @TempDir private Path parent;
  private Path data;
  private Path folder;
  private AheadFolder ahead;

  @BeforeEach
  void dataDirectory() throws IOException {
    data = parent.resolve("data");
    Files.createDirectories(data.resolve("pg_wal"));
    folder = parent.resolve("data.pgbackup-ahead");
    ahead = new AheadFolder(data);
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  /// P26.
  @Test
  void aSegmentLiesBesideTheDataDirectoryForItsOwnerOnly() throws IOException {
    var file = ahead.keep(NAME, CONTENT).orElseThrow();

    assertThat(file.path()).hasParent(folder).hasBinaryContent(CONTENT);
    assertThat(file.size()).isEqualTo(3);
    assertThat(file.read(byte[]::new)).isEqualTo(CONTENT);
    assertThat(mode(file.path())).isEqualTo("rw-------");
    assertThat(mode(folder)).isEqualTo("rwx------");
    assertThat(data.resolve("pg_wal")).isEmptyDirectory();
  }

  /// Or the server could neither rename nor open it.
  @Test
  void itIsTheServersWhoeverTheAgentIs() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Files.setAttribute(data, "unix:uid", 65534);

    var file = ahead.keep(NAME, CONTENT).orElseThrow();

    assertThat(Files.getAttribute(file.path(), "unix:uid")).isEqualTo(65534);
    assertThat(Files.getAttribute(folder, "unix:uid")).isEqualTo(65534);
  }

  @Test
  void theFolderGoesWithItsLastFile() throws IOException {
    var first = ahead.keep(NAME, CONTENT).orElseThrow();
    var second = ahead.keep(NAME, CONTENT).orElseThrow();

    first.close();
    assertThat(first.path()).doesNotExist();
    assertThat(second.path()).exists();
    Files.move(second.path(), data.resolve("pg_wal/RECOVERYXLOG"));
    second.close();

    assertThat(folder).doesNotExist();
    assertThat(data.resolve("pg_wal/RECOVERYXLOG")).hasBinaryContent(CONTENT);
  }

  /// From there it could not be renamed.
  @Test
  void nothingIsKeptForAnotherFileSystem() throws IOException {
    Path shared = Path.of("/dev/shm");
    assumeTrue(
        Files.isWritable(shared)
            && !Files.getAttribute(shared, "unix:dev").equals(Files.getAttribute(data, "unix:dev")),
        "needs another file system in /dev/shm");
    Files.delete(data.resolve("pg_wal"));
    Path elsewhere = Files.createTempDirectory(shared, "pgbackup-test");
    try {
      Files.createSymbolicLink(data.resolve("pg_wal"), elsewhere);

      assertThat(ahead.keep(NAME, CONTENT)).isEqualTo(Optional.empty());
      assertThat(folder).doesNotExist();
    } finally {
      Files.delete(elsewhere);
    }
  }

  @Test
  void nothingIsKeptWhereThereIsNoServerOrNoFolderCanBe() throws IOException {
    assertThat(new AheadFolder(parent.resolve("none")).keep(NAME, CONTENT)).isEmpty();

    Path other = Files.createDirectory(parent.resolve("other"));
    Files.createSymbolicLink(folder, other);

    assertThat(ahead.keep(NAME, CONTENT)).isEmpty();
    assertThat(other).isEmptyDirectory();
  }

  /// The agent may be root, and the server's user, to whom the folder belongs, may be anybody's.
  @Test
  void aFileThatWasReplacedIsNotRead() throws IOException {
    Path secret = Files.write(parent.resolve("secret"), new byte[] {7, 7, 7});
    var file = ahead.keep(NAME, CONTENT).orElseThrow();
    Files.delete(file.path());
    Files.createSymbolicLink(file.path(), secret);

    assertThat(file.read(byte[]::new)).isEqualTo(CONTENT);
    file.close();

    assertThat(secret).exists();
    assertThat(folder).doesNotExist();
  }

  @Test
  void nothingIsClearedBehindALinkOrOfAnotherName() throws IOException {
    Path others = Files.createDirectory(parent.resolve("others"));
    Path like = Files.createFile(others.resolve(NAME + "." + UUID.randomUUID()));
    Files.createSymbolicLink(folder, others);

    ahead.clear();

    assertThat(like).exists();
    assertThat(folder).isSymbolicLink();
    Files.delete(folder);
    Path own = Files.createFile(Files.createDirectory(folder).resolve("notes"));
    ahead.clear();
    assertThat(own).exists();
  }

  @Test
  void aFolderOfSomebodyElsesIsNotUsed() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    Files.createDirectory(folder);
    Files.setAttribute(folder, "unix:uid", 65534);

    assertThat(ahead.keep(NAME, CONTENT)).isEmpty();
  }

  @Test
  void whatAnAgentThatDiedLeftIsCleared() {
    assertThat(ahead.keep(NAME, CONTENT)).isPresent();

    new AheadFolder(data).clear();

    assertThat(folder).doesNotExist();
  }
}
