package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pgbackup.engine.walg.WalgRun.Patience;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// How a wal-g may end, with stand-ins that end so.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class WalgRunTest {
  private static final Patience LONG = Patience.of(Duration.ofSeconds(50));
  private static final Patience SHORT = Patience.of(Duration.ofMillis(300));

  private final Children children = new Children();

  @TempDir private Path folder;

  @Test
  void whatItPrintsIsTheResultOfASuccess() throws IOException {
    assertThat(succeed("echo one; echo two; echo INFO: nothing >&2", LONG))
        .containsExactly("one", "two");
  }

  @Test
  void nothingOfOurEnvironmentIsInherited() throws IOException {
    // the shell itself sets these
    assertThat(succeed("env | cut -d= -f1 | grep -v -e ^PWD -e ^_ -e ^SHLVL -e ^OLDPWD", LONG))
        .containsExactly("GIVEN");
  }

  @Test
  void anErrorIsToldByItsLastMeaningfulLine() throws IOException {
    Problem problem =
        failure(
            """
            echo 'INFO: 2026/11/21 02:13:40.296785 Doing something' >&2
            echo 'ERROR: 2026/11/21 02:13:41.296785 no space left on device' >&2
            echo 'INFO: 2026/11/21 02:13:41.396785 Cleaning up' >&2
            exit 1
            """);

    assertThat(problem).isInstanceOf(Problem.StorageFailed.class);
    assertThat(problem.message())
        .isEqualTo("wal-g backup-push failed (exit status 1): no space left on device");
  }

  /// As wal-g 3.0.9 says it.
  @Test
  void anUploadThatFailedIsToldByItsReasonAndNotByTheSummary() throws IOException {
    Problem problem =
        failure(
            """
            echo "ERROR: 2026/11/21 02:13:41.1 failed to upload 'a' to bucket 'b': AccessDenied: no" >&2
            echo 'ERROR: 2026/11/21 02:13:41.2 WAL-G could not complete upload.' >&2
            echo 'ERROR: 2026/11/21 02:13:41.3 unable to complete uploads' >&2
            exit 1
            """);

    assertThat(problem.message())
        .isEqualTo(
            "wal-g backup-push failed (exit status 1): failed to upload 'a' to bucket 'b':"
                + " AccessDenied: no");
    assertThat(problem.hint().orElseThrow()).contains("rights of the credentials");
  }

  @Test
  void aPanicIsSaidToBeWalgsOwnFault() throws IOException {
    Problem problem =
        failure(
            """
            echo 'panic: runtime error: invalid memory address' >&2
            echo 'goroutine 1 [running]:' >&2
            echo 'main.main()' >&2
            exit 2
            """);

    assertThat(problem.message())
        .isEqualTo(
            "wal-g backup-push crashed (panic, exit status 2): panic: runtime error: invalid memory"
                + " address");
    assertThat(problem.hint().orElseThrow()).contains("fault in wal-g itself");
  }

  @Test
  void aPanicIsToldByItsFirstLineHoweverLongTheRestIs() throws IOException {
    Problem problem =
        failure(
            """
            echo 'panic: runtime error: index out of range' >&2
            for i in $(seq 200); do echo "goroutine $i [select]:" >&2; done
            exit 2
            """);

    assertThat(problem.message()).endsWith(": panic: runtime error: index out of range");
  }

  @Test
  void oneThatRanOutOfTheMemoryItMayHaveIsNoFaultOfWalgs() throws IOException {
    Problem problem =
        failure(
            """
            echo 'INFO: 2026/11/21 02:13:40.296785 Doing something' >&2
            echo 'runtime: out of memory: cannot allocate 536870912-byte block' >&2
            echo 'fatal error: out of memory' >&2
            for i in $(seq 200); do echo "goroutine $i [select]:" >&2; done
            exit 2
            """);

    assertThat(problem.message())
        .startsWith("wal-g backup-push ran out of memory")
        .endsWith(": fatal error: out of memory");
    assertThat(problem.hint().orElseThrow()).contains("raise the limit");
  }

  @Test
  void oneThatTheSystemKilledIsSaidToHaveNeededTooMuchMemory() throws IOException {
    Problem problem = failure("echo 'INFO: Doing something' >&2; kill -s KILL $$");

    assertThat(problem.message()).startsWith("wal-g backup-push was killed (SIGKILL)");
    assertThat(problem.hint().orElseThrow()).contains("memory");
  }

  @Test
  void exitStatus137MeansTheSame() throws IOException {
    assertThat(failure("exit 137").message()).startsWith("wal-g backup-push was killed (SIGKILL)");
  }

  @Test
  void forbiddenIsAMatterOfRightsAndNotTriedAgain() throws IOException {
    Problem problem =
        failure("echo 'ERROR: 2026/11/21 02:13:41.1 AccessDenied: Access Denied' >&2; exit 1");

    assertThat(problem.hint().orElseThrow()).contains("rights of the credentials");
    assertThat(problem.retryMayHelp()).isFalse();
  }

  @Test
  void aStoreThatIsAwayMayComeBack() throws IOException {
    assertThat(
            failure("echo 'ERROR: RequestError: send request failed' >&2; exit 1").retryMayHelp())
        .isTrue();
  }

  @Test
  void rubbishAndEndlessLinesDoNoHarm() throws IOException {
    Problem problem =
        failure(
            """
            head -c 3000000 /dev/urandom >&2
            head -c 3000000 /dev/zero | tr '\\0' x >&2
            echo >&2
            echo 'ERROR: 2026/11/21 02:13:41.1 what matters' >&2
            exit 1
            """);

    assertThat(problem.message()).endsWith(": what matters");
  }

  @Test
  void aLineThatIsTheOnlyOneAndEndlessIsShortened() throws IOException {
    assertThat(failure("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1").message())
        .hasSizeLessThan(500)
        .endsWith("xxx...");
  }

  @Test
  void secretsAreTakenOut() throws IOException {
    Problem problem =
        failure(
            """
            echo "ERROR: wrong passphrase s3cret-word for https://x/?X-Amz-Signature=abcdef&y" >&2
            exit 1
            """);

    assertThat(problem.message())
        .contains("wrong passphrase *** for")
        .contains("X-Amz-Signature=***&y");
  }

  @Test
  void oneThatDoesNothingIsStoppedWithEverythingItStarted() throws IOException {
    // given
    String hangs = "sleep 1000 & echo $! >pids; sleep 1000 & echo $! >>pids; wait";

    // when
    Problem problem = failure(hangs, SHORT);

    // then
    assertThat(problem).isInstanceOf(Problem.TimedOut.class);
    assertNothingRuns();
  }

  @Test
  void oneThatWillNotStopIsKilled() throws IOException {
    failure("trap '' TERM; sleep 1000 & echo $! >pids; while :; do wait; done", SHORT);

    assertNothingRuns();
  }

  @Test
  void whatItLeavesBehindIsKilledAlthoughItSucceeded() throws IOException {
    succeed("sleep 1000 >/dev/null 2>&1 & echo $! >pids; exit 0", LONG);

    assertNothingRuns();
  }

  @Test
  void anInterruptEndsIt() throws Exception {
    // given
    WalgProcess.Command command = command("sleep 1000 & echo $! >pids; wait");
    var ended = new CompletableFuture<PgBackupException>();
    Thread runner =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    WalgRun.succeed(command, LONG, children, _ -> {});
                  } catch (PgBackupException e) {
                    ended.complete(e);
                  }
                });
    await().until(() -> Files.exists(pids()) && Files.size(pids()) > 0);

    // when
    runner.interrupt();

    // then
    assertThat(ended.get().problem().message()).isEqualTo("wal-g backup-push was interrupted");
    assertNothingRuns();
  }

  @Test
  void nothingOutlivesAnAgentThatIsKilled() throws Exception {
    // given: another JVM that runs a stand-in
    Path script = StandIn.script(folder, "sleep 1000 & echo $! >pids; echo $$ >>pids; wait");
    Process agent =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                DoomedAgent.class.getName(),
                script.toString(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    try {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> Files.exists(pids()) && Files.readAllLines(pids()).size() == 2);

      // when: SIGKILL, so that it can do nothing
      agent.destroyForcibly().waitFor();

      // then
      assertNothingRuns();
    } finally {
      agent.destroyForcibly();
    }
  }

  @Test
  void itsMemoryIsRecorded() throws IOException {
    succeed("sleep 1.5", LONG);

    assertThat(children.peakMemory().orElseThrow()).isGreaterThan(100_000);
  }

  private Path pids() {
    return folder.resolve("pids");
  }

  private void assertNothingRuns() throws IOException {
    Orphans.assertNone(pids());
  }

  private List<String> succeed(String script, Patience patience) throws IOException {
    return WalgRun.succeed(command(script), patience, children, _ -> {});
  }

  private Problem failure(String script) throws IOException {
    return failure(script, LONG);
  }

  private Problem failure(String script, Patience patience) throws IOException {
    WalgProcess.Command command = command(script);
    return Optional.ofNullable(
            catchThrowableOfType(
                PgBackupException.class,
                () -> WalgRun.succeed(command, patience, children, _ -> {})))
        .orElseThrow()
        .problem();
  }

  private WalgProcess.Command command(String script) throws IOException {
    return new WalgProcess.Command(
        List.of(StandIn.script(folder, script).toString(), "backup-push"),
        Map.of("GIVEN", "yes"),
        folder,
        new Redaction(List.of("s3cret-word")));
  }
}
