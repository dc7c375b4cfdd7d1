package io.pgbackup.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.testing.EnterableTempDir;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The demo as a newcomer runs it, through the built launcher.
class DemoIT {
  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<DemoRun> runs = new ArrayList<>();

  private DemoRun start(String name, String mode, ServerUser user) throws Exception {
    DemoRun run = DemoRun.start(folder.resolve(name), mode, user);
    runs.add(run);
    return run;
  }

  @AfterEach
  void removeWhatTheyLeft() throws Exception {
    for (DemoRun run : runs) {
      run.close();
    }
  }

  /// Both at once, because the schedule of each waits for the next minute.
  @Test
  void everythingIsProvedAsRootAndAsANormalUser() throws Exception {
    if (ServerUser.weAreRoot()) {
      start("only for root", "rwx------", ServerUser.ourselves());
    }
    start(
        "for all",
        "rwxr-xr-x",
        ServerUser.weAreRoot() ? ServerUser.forNewDirectory() : ServerUser.ourselves());

    for (DemoRun run : runs) {
      int status = run.awaitEnd();

      assertThat(status).as(run.output()).isZero();
      assertThat(run.output())
          .contains(
              "it has fired: base_",
              "the clone has the same ",
              "the shop's own server has the same ",
              "undone: ",
              "Proved in ",
              "To remove them: rm -r /tmp/pgbackup-demo-")
          .doesNotContain("ERROR", "WARN", "INFO", "Exception", "\tat ");
      assertThat(run.processesLeft()).isEmpty();
    }
  }

  @Test
  void endedInTheMiddleItLeavesNothingRunning() throws Exception {
    // given
    DemoRun run = start("copy", "rwxr-xr-x", ServerUser.ourselves());
    await()
        .atMost(DemoRun.PATIENCE)
        .until(() -> run.output().contains("first base backup") || !run.isAlive());

    // when
    run.terminate();

    // then
    assertThat(run.awaitEnd()).as(run.output()).isEqualTo(143);
    assertThat(run.output()).contains("Everything is stopped.").doesNotContain("ERROR");
    assertThat(run.processesLeft()).isEmpty();
  }
}
