package io.pgbackup.engine.walg;

import io.pgbackup.engine.walg.WalgRun.Patience;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// A JVM that runs a wal-g until somebody kills it.
final class DoomedAgent {
  private DoomedAgent() {}

  public static void main(String[] arguments) {
    var command =
        new WalgProcess.Command(
            List.of(arguments[0], "daemon"),
            Map.of(),
            Path.of(arguments[1]),
            new Redaction(List.of()));
    WalgRun.succeed(command, Patience.of(Duration.ofMinutes(5)), new Children(), _ -> {});
  }
}
