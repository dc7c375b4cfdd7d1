package io.pgbackup.testing;

import io.pgbackup.postgres.process.EmbeddedDistribution;
import io.pgbackup.postgres.process.PostgresInstallation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The PostgreSQL versions that every build tests against; `@EnumSource(PostgresRelease.class)`
/// runs a test with both.
public enum PostgresRelease {
  /// On the class path.
  NEWEST {
    @Override
    EmbeddedDistribution distribution() {
      return EmbeddedDistribution.onClassPath()
          .orElseThrow(() -> new IllegalStateException("no PostgreSQL on the class path"));
    }
  },
  /// A jar that the build copies beside the test classes.
  OLDER {
    @Override
    EmbeddedDistribution distribution() {
      return EmbeddedDistribution.inJar(olderJar());
    }
  };

  abstract EmbeddedDistribution distribution();

  public PostgresInstallation installation() {
    return distribution().install();
  }

  /// The build says which, since another one may lie there from an earlier build.
  private static Path olderJar() {
    String version = System.getProperty("embedded.postgres.older", "");
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
    throw new IllegalStateException("target/postgres-older is missing: build with Maven first");
  }
}
