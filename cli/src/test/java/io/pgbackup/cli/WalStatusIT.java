package io.pgbackup.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.testing.EnterableTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the real script answers to PostgreSQL. A restore_command's status decides whether recovery
/// goes on, stops or ends, so every way in which the JVM can end is gone through.
class WalStatusIT {
  private static final String SEGMENT = "000000010000000000000001";
  private static final List<String> PUSH = List.of("wal", "push", "pg_wal/" + SEGMENT);
  private static final List<String> FETCH = List.of("wal", "fetch", SEGMENT, "pg_wal/RECOVERYXLOG");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private InstalledLauncher launcher;
  private FakePrograms fakes;

  @BeforeEach
  void installWithoutJars() throws IOException {
    Files.createDirectory(folder.resolve("lib"));
    Files.createFile(folder.resolve("lib/pgbackup-cli-1.jar"));
    launcher = InstalledLauncher.copy(Path.of("pgbackup"), folder);
    fakes = new FakePrograms(folder);
  }

  private int status(Map<String, String> environment, List<String> words) {
    return InstalledLauncher.run(folder, environment, launcher.command(words)).status();
  }

  @Test
  void withoutAJavaNothingIsStoredAndRecoveryStops() throws IOException {
    assertThat(status(fakes.noJava(), PUSH)).isEqualTo(1);
    assertThat(status(fakes.noJava(), FETCH)).isEqualTo(126);
  }

  @ParameterizedTest
  @CsvSource({
    "wal fetsh a b, 126",
    "wal, 126",
    "-c wal wal --socket s push, 1",
    "--verbose --store=wal wal fetch push b, 126",
    "-c wal version, 2",
    "version wal fetch, 2"
  })
  void theVerbIsFoundAmongTheOptions(String line, int status) throws IOException {
    assertThat(status(fakes.noJava(), List.of(line.split(" ")))).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 9, 74, 75, 125, 126, 127, 134, 137, 143, 255})
  void aPushIsOneForWhateverEndsTheJvm(int status) throws IOException {
    assertThat(status(fakes.javaThat("exit " + status), PUSH)).isEqualTo(1);
  }

  @ParameterizedTest
  // P24
  @CsvSource({
    "0, 0",
    "74, 1",
    "1, 126",
    "2, 126",
    "3, 126",
    "9, 126",
    "73, 126",
    "75, 126",
    "125, 126",
    "126, 126",
    "127, 126",
    "134, 126",
    "137, 126",
    "143, 126",
    "255, 126"
  })
  void onlyProvenAbsenceEndsRecovery(int status, int expected) throws IOException {
    Map<String, String> environment = fakes.javaThat("exit " + status);

    assertThat(status(environment, FETCH)).isEqualTo(expected);
    assertThat(status(environment, List.of("--socket", "s", "wal", "fetch", "a", "b")))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"KILL", "SEGV", "TERM", "ABRT"})
  void aJvmThatIsKilledIsTrouble(String signal) throws IOException {
    Map<String, String> environment = fakes.javaThat("kill -" + signal + " $$");

    assertThat(status(environment, PUSH)).isEqualTo(1);
    assertThat(status(environment, FETCH)).isEqualTo(126);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 74, 126, 137})
  void onAStandbyTroubleIsOne(int status) throws IOException {
    Files.createFile(folder.resolve("standby.signal"));

    assertThat(status(fakes.javaThat("exit " + status), FETCH)).isEqualTo(1);
  }

  @Test
  void aStandbyIsServedAsAnyOther() throws IOException {
    Files.createFile(folder.resolve("standby.signal"));

    assertThat(status(fakes.javaThat("exit 0"), FETCH)).isZero();
    assertThat(status(fakes.noJava(), FETCH)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"push, 1", "fetch, 126"})
  void aSignalReachesTheJvmAndIsTrouble(String verb, int expected) throws Exception {
    Path started = folder.resolve("started");
    Path ended = folder.resolve("ended");
    String script =
        "trap 'echo TERM > \"%s\"; exit 143' TERM\necho $$ > \"%s\"\nwhile :; do sleep 0.1; done"
            .formatted(ended, started);
    Process process =
        InstalledLauncher.start(
            folder, fakes.javaThat(script), launcher.command(verb.equals("push") ? PUSH : FETCH));
    await().until(() -> Files.exists(started) && Files.size(started) > 0);

    process.destroy();

    assertThat(process.waitFor()).isEqualTo(expected);
    assertThat(ended).exists();
    long jvm = Long.parseLong(Files.readString(started).strip());
    assertThat(ProcessHandle.of(jvm)).isEmpty();
  }
}
