package io.pgbackup.testing;

import io.pgbackup.postgres.process.EmbeddedDistribution;
import io.pgbackup.postgres.process.PostgresInstallation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// A PostgreSQL that tests run against; [EachRelease] and [NewestRelease] hand them out.
///
/// @param version as published by zonky; empty: the one on the class path
public record PostgresRelease(String version) {
  /// On the class path.
  public static final PostgresRelease NEWEST = new PostgresRelease("");

  /// The oldest of those that the build copies beside the test classes.
  public static final PostgresRelease OLDER = older().getFirst();

  /// For JUnit, which takes it for a word of a `@CsvSource`.
  public static PostgresRelease named(String name) {
    return switch (name) {
      case "NEWEST" -> NEWEST;
      case "OLDER" -> OLDER;
      default -> throw new IllegalArgumentException(name);
    };
  }

  /// Two in an ordinary build, five under `-Pmatrix`.
  public static Stream<PostgresRelease> all() {
    return Stream.concat(Stream.of(NEWEST), older().stream());
  }

  /// The build says which, since others may lie there from an earlier build.
  private static List<PostgresRelease> older() {
    return Stream.of(System.getProperty("embedded.postgres.older", "unknown").split(","))
        .map(PostgresRelease::new)
        .toList();
  }

  public PostgresInstallation installation() {
    return distribution().install();
  }

  private EmbeddedDistribution distribution() {
    return version.isEmpty()
        ? EmbeddedDistribution.onClassPath()
            .orElseThrow(() -> new IllegalStateException("no PostgreSQL on the class path"))
        : EmbeddedDistribution.inJar(jar());
  }

  private Path jar() {
    for (String module : List.of("", "../agent/")) {
      Path folder = Path.of(module + "target/postgres-older", version);
      if (Files.isDirectory(folder)) {
        try (Stream<Path> jars = Files.list(folder)) {
          return jars.filter(jar -> jar.toString().endsWith(".jar")).findFirst().orElseThrow();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    throw new IllegalStateException(
        "target/postgres-older/" + version + " is missing: build with Maven first");
  }

  @Override
  public String toString() {
    return version.isEmpty() ? "newest" : version;
  }
}
