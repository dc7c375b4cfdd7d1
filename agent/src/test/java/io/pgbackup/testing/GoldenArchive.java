package io.pgbackup.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Archives that real WAL-G 3.0.9 wrote: two backups and WAL over two timelines. See
/// `walg-golden/README.md` among the resources. What asks for none means [#LZ4_DELTA].
public enum GoldenArchive {
  /// A full backup and a delta on it.
  LZ4_DELTA("lz4-delta"),
  /// The same in several parts.
  BROTLI("brotli"),
  /// Two full backups, encrypted with [#LIBSODIUM_KEY].
  ZSTD_LIBSODIUM("zstd-libsodium");

  public static final String FULL = "base_000000010000000000000002";
  public static final String DELTA = "base_000000010000000000000005_D_000000010000000000000002";

  /// 32 bytes in hexadecimal digits.
  public static final String LIBSODIUM_KEY = "0123456789abcdef".repeat(4);

  private final String resource;

  GoldenArchive(String folder) {
    this.resource = "/walg-golden/" + folder;
  }

  /// One line of `expected.psv`.
  ///
  /// @param lsn the WAL insert position at that instant
  /// @param rows `count(*) || ':' || sum(id)` of the table `account`
  /// @param md5 of all its rows
  public record Expected(String name, Instant instant, String lsn, String rows, String md5) {}

  public static List<Expected> expected() {
    return LZ4_DELTA.instants();
  }

  /// @param path inside the archive, `wal_005/00000002.history.lz4`
  public static byte[] bytes(String path) {
    return LZ4_DELTA.read(path);
  }

  /// Copies the archive's objects into a folder, which then is an archive's prefix.
  public static void copyInto(Path folder) {
    LZ4_DELTA.copy(folder);
  }

  /// The lines of `expected.psv`.
  public List<Expected> instants() {
    return new String(read("expected.psv"), UTF_8)
        .lines()
        .map(line -> line.split("\\|"))
        .map(field -> new Expected(field[0], Instant.parse(field[1]), field[2], field[3], field[4]))
        .toList();
  }

  public Expected instant(String name) {
    return instants().stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }

  private byte[] read(String path) {
    try (var stream = GoldenArchive.class.getResourceAsStream(resource + "/" + path)) {
      return requireNonNull(stream, path).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// As [#copyInto].
  public void copy(Path folder) {
    try {
      URI found = requireNonNull(GoldenArchive.class.getResource(resource)).toURI();
      if (found.getScheme().equals("jar")) {
        try (FileSystem jar = FileSystems.newFileSystem(found, Map.of())) {
          copy(jar.getPath(resource), folder);
        }
      } else {
        copy(Path.of(found), folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        Path target = to.resolve(from.relativize(file).toString());
        Files.createDirectories(requireNonNull(target.getParent()));
        Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
