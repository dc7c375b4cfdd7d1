package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Looks for processes that outlived their run.
final class Orphans {
  private Orphans() {}

  /// @param pids a file with the number of each process that a stand-in started
  static void assertNone(Path pids) throws IOException {
    List<Long> all =
        Files.readAllLines(pids).stream().map(line -> Long.parseLong(line.strip())).toList();
    assertThat(all).isNotEmpty();
    await()
        .untilAsserted(
            () ->
                assertThat(all)
                    .noneMatch(
                        pid -> ProcessHandle.of(pid).filter(Orphans::isRunning).isPresent()));
  }

  /// One that nobody reaps, as in a container without an init, is dead all the same.
  private static boolean isRunning(ProcessHandle process) {
    try {
      return process.isAlive()
          && !Files.readString(Path.of("/proc/" + process.pid() + "/stat"))
              .replaceFirst("^.*\\) ", "")
              .startsWith("Z");
    } catch (IOException _) {
      return false;
    }
  }
}
