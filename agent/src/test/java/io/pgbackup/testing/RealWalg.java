package io.pgbackup.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/// A stock wal-g. It is not part of the build: the environment variable `PGBACKUP_WALG` names it,
/// and without one the test that asks is skipped with that reason.
public final class RealWalg {
  private static final String VARIABLE = "PGBACKUP_WALG";

  private RealWalg() {}

  public static Path binary() {
    String named = System.getenv(VARIABLE);
    assumeTrue(named != null && Files.isExecutable(Path.of(named)), VARIABLE + " names no wal-g");
    return Path.of(named);
  }
}
