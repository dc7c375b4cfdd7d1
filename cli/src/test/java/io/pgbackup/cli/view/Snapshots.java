package io.pgbackup.cli.view;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/// Compares output with a file under `src/test/resources`, to the byte: scripts and eyes depend on
/// it. A change of output is a change of that file, seen in review.
public final class Snapshots {
  private Snapshots() {}

  public static void assertMatches(String output, String file) throws IOException {
    try (InputStream expected =
        requireNonNull(Snapshots.class.getResourceAsStream("/io/pgbackup/cli/view/" + file))) {
      assertThat(output).isEqualTo(new String(expected.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
