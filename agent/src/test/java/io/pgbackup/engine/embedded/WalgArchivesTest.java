package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.FilesMetadata;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.engine.format.TarReader;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.testing.GoldenArchive;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every object of archives that real WAL-G wrote is read, or it is said why it cannot be.
class WalgArchivesTest {
  /// The whole set lies beside the repository where this product is made; the repository holds what
  /// restores need.
  private static final Path WHOLE_SET = Path.of("../../shared/walg-golden");

  @TempDir private Path folder;

  @Test
  void everyObjectOfTheGoldenArchiveIsRead() throws IOException {
    GoldenArchive.copyInto(folder);

    assertThat(readEverything(folder, "lz4")).isEqualTo(10 + 6 + 6);
  }

  @Test
  void everyObjectOfTheWholeLz4ArchiveIsRead() throws IOException {
    assertThat(readEverything(wholeArchive("lz4-delta"), "lz4")).isEqualTo(12 + 6 + 6);
  }

  @Test
  void everyEncryptedObjectIsSaidToBePerhapsEncrypted() throws IOException {
    Path archive = wholeArchive("zstd-libsodium");

    List<Path> encrypted = filesOf(archive, "zst");
    assertThat(encrypted).hasSize(12 + 6);
    for (Path file : encrypted) {
      assertThatThrownBy(() -> readObject(file))
          .isInstanceOf(PgBackupException.class)
          .hasMessageContaining("is not zstd: it is encrypted, or damaged");
    }
  }

  @Test
  void everyObjectOfTheWholeBrotliArchiveIsRead() throws IOException {
    assertThat(readEverything(wholeArchive("brotli"), "br")).isEqualTo(12 + 11 + 6);
  }

  private static Path wholeArchive(String name) {
    assumeTrue(Files.isDirectory(WHOLE_SET), WHOLE_SET + " is not here");
    return WHOLE_SET.resolve(name);
  }

  /// @return how many objects were read
  private static int readEverything(Path archive, String extension) throws IOException {
    int count = 0;
    for (Path file : filesOf(archive, extension)) {
      readObject(file);
      count++;
    }
    for (Path file : filesOf(archive.resolve("basebackups_005"), "json")) {
      String name = file.getFileName().toString();
      byte[] json = Files.readAllBytes(file);
      if (name.equals("files_metadata.json")) {
        try (InputStream stream = Files.newInputStream(file)) {
          assertThat(FilesMetadata.read(stream, name).names()).isNotEmpty();
        }
      } else if (name.equals("metadata.json")) {
        assertThat(BackupMetadata.read(json, name).startTime()).isPresent();
      } else {
        assertThat(Sentinel.read(json, name).startLsn()).isPresent();
      }
      count++;
    }
    return count;
  }

  private static void readObject(Path file) throws IOException {
    String name = file.getFileName().toString();
    Codec codec = Codec.byExtension(name.substring(name.lastIndexOf('.'))).orElseThrow();
    try (InputStream plain = codec.decompressing(Files.newInputStream(file), name)) {
      if (name.contains(".tar")) {
        readTar(plain, name);
      } else if (WalFileName.parse(name.substring(0, name.lastIndexOf('.')))
          instanceof WalFileName.Segment) {
        assertThat(plain.readAllBytes()).hasSize(16 << 20);
      } else {
        assertThat(plain.readAllBytes()).isNotEmpty();
      }
    }
  }

  private static void readTar(InputStream plain, String name) throws IOException {
    try (var tar = new TarReader(plain, name)) {
      assertThat(tar.next()).isPresent();
      while (tar.next().isPresent()) {}
    }
  }

  private static List<Path> filesOf(Path archive, String extension) throws IOException {
    try (Stream<Path> files = Files.walk(archive)) {
      return files.filter(file -> file.toString().endsWith("." + extension)).toList();
    }
  }
}
