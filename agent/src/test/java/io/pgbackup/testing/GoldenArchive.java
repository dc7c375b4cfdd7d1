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

/// An archive that real WAL-G 3.0.9 wrote: a full backup, a delta and WAL over two timelines. See
/// `walg-golden/README.md` among the resources.
public final class GoldenArchive {
  public static final String FULL = "base_000000010000000000000002";
  public static final String DELTA = "base_000000010000000000000005_D_000000010000000000000002";

  private static final String RESOURCE = "/walg-golden/lz4-delta";

  private GoldenArchive() {}

  /// One line of `expected.psv`.
  ///
  /// @param lsn the WAL insert position at that instant
  /// @param rows `count(*) || ':' || sum(id)` of the table `account`
  /// @param md5 of all its rows
  public record Expected(String name, Instant instant, String lsn, String rows, String md5) {}

  public static List<Expected> expected() {
    return new String(bytes("expected.psv"), UTF_8)
        .lines()
        .map(line -> line.split("\\|"))
        .map(field -> new Expected(field[0], Instant.parse(field[1]), field[2], field[3], field[4]))
        .toList();
  }

  /// @param path inside the archive, `wal_005/00000002.history.lz4`
  public static byte[] bytes(String path) {
    try (var stream = GoldenArchive.class.getResourceAsStream(RESOURCE + "/" + path)) {
      return requireNonNull(stream, path).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Copies the archive's objects into a folder, which then is an archive's prefix.
  public static void copyInto(Path folder) {
    try {
      URI resource = requireNonNull(GoldenArchive.class.getResource(RESOURCE)).toURI();
      if (resource.getScheme().equals("jar")) {
        try (FileSystem jar = FileSystems.newFileSystem(resource, Map.of())) {
          copy(jar.getPath(RESOURCE), folder);
        }
      } else {
        copy(Path.of(resource), folder);
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
