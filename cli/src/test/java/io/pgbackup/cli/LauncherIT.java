package io.pgbackup.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.cli.InstalledLauncher.Result;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.testing.EnterableTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The real scripts. What PostgreSQL reads from their statuses decides whether it promotes, so
/// every way in which they can fail is gone through.
class LauncherIT {
  private static final Path JDK = Path.of(System.getProperty("java.home"));
  private static final String SEGMENT = "000000010000000000000001";
  private static final List<String> PUSH = List.of("wal", "push", "pg_wal/" + SEGMENT);
  private static final List<String> FETCH = List.of("wal", "fetch", SEGMENT, "pg_wal/RECOVERYXLOG");

  @TempDir(factory = EnterableTempDir.class)
  private static Path installed;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private static InstalledLauncher launcher;
  private Path fakes;

  @BeforeAll
  static void install() throws IOException {
    launcher = InstalledLauncher.in(Files.createDirectory(installed.resolve("with a space")));
  }

  @BeforeEach
  void makeFolder() throws IOException {
    fakes = Files.createTempDirectory(folder, "fakes");
  }

  private Result run(Map<String, String> environment, List<String> words) {
    return runIn(folder, environment, words);
  }

  private Result runIn(Path where, Map<String, String> environment, List<String> words) {
    return InstalledLauncher.run(where, environment, command(launcher.path(), words));
  }

  private static List<String> command(Path program, List<String> words) {
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.addAll(words);
    return command;
  }

  private static Map<String, String> realJava() {
    return Map.of("JAVA_HOME", JDK.toString());
  }

  /// A folder that looks like a Java and whose `java` is this script.
  private Path fakeJava(String version, String script) throws IOException {
    Path home = Files.createTempDirectory(fakes, "java ");
    Files.createDirectory(home.resolve("bin"));
    if (!version.isEmpty()) {
      Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    }
    program(home.resolve("bin/java"), script);
    return home;
  }

  private static void program(Path file, String script) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    assertThat(file.toFile().setExecutable(true, false)).isTrue();
  }

  private Map<String, String> javaThat(String script) throws IOException {
    return Map.of("JAVA_HOME", fakeJava("25.0.3", script).toString());
  }

  private Map<String, String> nowhere() throws IOException {
    return Map.of(
        "PATH", "", "PGBACKUP_JDK_FOLDERS", Files.createTempDirectory(fakes, "empty").toString());
  }

  @Test
  void runsFromAnyFolderThroughAChainOfLinksWithSpacesInPaths() throws IOException {
    Path links = Files.createDirectory(installed.resolve("more spaces"));
    Files.createSymbolicLink(links.resolve("second"), launcher.path());
    Path first = Files.createSymbolicLink(links.resolve("first"), Path.of("second"));

    Result result = InstalledLauncher.run(fakes, realJava(), command(first, List.of("version")));

    assertThat(result.out()).startsWith("pgbackup ");
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
  }

  @Test
  void isFoundOnPath() {
    Result result =
        InstalledLauncher.run(
            fakes,
            Map.of("JAVA_HOME", JDK.toString(), "PATH", launcher.path().getParent() + ":/bin"),
            List.of("/bin/sh", "-c", "pgbackup version"));

    assertThat(result.out()).startsWith("pgbackup ");
  }

  @Test
  void statusesOfOtherVerbsPassUnchanged() {
    assertThat(run(realJava(), List.of("--nonsense")).status()).isEqualTo(2);
  }

  @Test
  void argumentsArriveAsTheyWereGiven() throws IOException {
    Result result =
        run(
            javaThat("while [ $# -gt 0 ]; do printf '[%s]' \"$1\"; shift; done"),
            List.of("clone", "--as", "a  b", "", "*", "$HOME", "'\""));

    assertThat(result.out())
        .endsWith("[io.pgbackup.cli.PgBackup][clone][--as][a  b][][*][$HOME]['\"]");
  }

  @Test
  void moreOptionsForTheJvmComeFromTheEnvironment() throws IOException {
    var environment = new HashMap<>(javaThat("printf '[%s]' \"$@\""));
    environment.put("PGBACKUP_JAVA_OPTIONS", "-Xmx2g -Dx=y");

    assertThat(run(environment, List.of("version")).out()).contains("[-Xmx2g][-Dx=y]");
  }

  @Test
  void anOlderJavaIsPassedOver() throws IOException {
    Path older = fakeJava("17.0.15", "echo wrong >&2; exit 1");
    Path ancient = fakeJava("1.8.0_402", "echo wrong >&2; exit 1");
    Path silent = fakeJava("", "echo 'openjdk version \"21.0.1\" 2023-10-17' >&2; exit 1");
    Map<String, String> environment =
        Map.of(
            "JAVA_HOME",
            ancient.toString(),
            "PATH",
            older.resolve("bin") + ":" + silent.resolve("bin") + ":/usr/bin:/bin",
            "PGBACKUP_JDK_FOLDERS",
            fakes + ":" + JDK.getParent());

    Result result = run(environment, List.of("version"));

    assertThat(result.out()).startsWith("pgbackup ");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void aNewerJavaWithoutAReleaseFileIsAskedForItsVersion() throws IOException {
    Path newer =
        fakeJava(
            "", "case $1 in -version) echo 'openjdk version \"26-ea\"' >&2 ;; *) echo me ;; esac");
    Path link = Files.createSymbolicLink(fakes.resolve("java"), newer.resolve("bin/java"));
    Map<String, String> environment = new HashMap<>(nowhere());
    environment.put("PATH", link.getParent().toString());

    assertThat(run(environment, List.of("version")).out()).isEqualTo("me\n");
  }

  @Test
  void aJdkOfMacOsIsFoundInItsBundle() throws IOException {
    Path bundles = Files.createDirectories(fakes.resolve("JavaVirtualMachines"));
    Path contents = Files.createDirectories(bundles.resolve("temurin-25.jdk/Contents"));
    Files.move(fakeJava("25", "echo bundle"), contents.resolve("Home"));

    Result result = run(Map.of("PGBACKUP_JDK_FOLDERS", bundles.toString()), List.of("version"));

    assertThat(result.out()).isEqualTo("bundle\n");
  }

  @Test
  void withoutAJavaItSaysWhatIsMissing() throws IOException {
    Result result = run(nowhere(), List.of("version"));

    assertThat(result.status()).isEqualTo(2);
    assertThat(result.err())
        .startsWith("ERROR: no Java 25 or newer found\nHINT: Install a JDK 25, or set JAVA_HOME");
  }

  @Test
  void aJavaThatIsTooOldIsNamed() throws IOException {
    Map<String, String> environment = new HashMap<>(nowhere());
    environment.put("JAVA_HOME", fakeJava("17.0.15", "").toString());

    assertThat(run(environment, List.of("version")).err())
        .contains("only Java 17.0.15 in " + environment.get("JAVA_HOME"));
  }

  @Test
  void withoutAJavaNothingIsStoredAndRecoveryStops() throws IOException {
    assertThat(run(nowhere(), PUSH).status()).isEqualTo(1);
    assertThat(run(nowhere(), FETCH).status()).isEqualTo(126);
    assertThat(run(nowhere(), List.of("wal", "fetsh", "a", "b")).status()).isEqualTo(126);
    assertThat(run(nowhere(), List.of("-c", "wal", "wal", "--socket", "s", "push")).status())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 9, 74, 75, 125, 126, 127, 134, 137, 143, 255})
  void aPushIsOneForWhateverEndsTheJvm(int status) throws IOException {
    assertThat(run(javaThat("exit " + status), PUSH).status()).isEqualTo(1);
  }

  @ParameterizedTest
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
    assertThat(run(javaThat("exit " + status), FETCH).status()).isEqualTo(expected);
    assertThat(
            run(javaThat("exit " + status), List.of("--socket", "s", "wal", "fetch", "a", "b"))
                .status())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"KILL", "SEGV", "TERM", "ABRT"})
  void aJvmThatIsKilledIsTrouble(String signal) throws IOException {
    assertThat(run(javaThat("kill -" + signal + " $$"), PUSH).status()).isEqualTo(1);
    assertThat(run(javaThat("kill -" + signal + " $$"), FETCH).status()).isEqualTo(126);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 126, 137})
  void onAStandbyTroubleIsOne(int status) throws IOException {
    Path data = Files.createDirectory(fakes.resolve("standby"));
    Files.createFile(data.resolve("standby.signal"));

    assertThat(runIn(data, javaThat("exit " + status), FETCH).status()).isEqualTo(1);
    assertThat(runIn(data, nowhere(), FETCH).status()).isEqualTo(1);
    assertThat(runIn(data, javaThat("exit 0"), FETCH).status()).isZero();
    assertThat(runIn(data, javaThat("exit 74"), FETCH).status()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"push", "fetch"})
  void aSignalReachesTheJvmAndIsTrouble(String verb) throws Exception {
    Path started = fakes.resolve("started");
    Path ended = fakes.resolve("ended");
    String script =
        "trap 'echo TERM > \"%s\"; exit 143' TERM\necho $$ > \"%s\"\nwhile :; do sleep 0.1; done"
            .formatted(ended, started);
    Process process =
        InstalledLauncher.start(
            folder, javaThat(script), command(launcher.path(), verb.equals("push") ? PUSH : FETCH));
    await().until(() -> Files.exists(started) && Files.size(started) > 0);

    process.destroy();

    assertThat(process.waitFor()).isEqualTo(verb.equals("push") ? 1 : 126);
    assertThat(ended).exists();
    long jvm = Long.parseLong(Files.readString(started).strip());
    assertThat(ProcessHandle.of(jvm)).isEmpty();
  }

  @Test
  void theAgentsLauncherBecomesTheJvm() throws Exception {
    Path agent = Files.createDirectories(fakes.resolve("agent dir/lib")).getParent();
    Files.createFile(agent.resolve("lib/pgbackup-agent-1.jar"));
    Path script = InstalledLauncher.copy(Path.of("../agent/pgbackup-agent"), agent);
    Process process =
        InstalledLauncher.start(
            folder,
            javaThat("echo $$; echo \"$@\"; exit 5"),
            command(script, List.of("--config", "x")));

    String[] output = new String(process.getInputStream().readAllBytes()).split("\n", 2);

    assertThat(process.waitFor()).isEqualTo(5);
    assertThat(output[0]).isEqualTo(Long.toString(process.pid()));
    assertThat(output[1])
        .contains("-XX:MaxDirectMemorySize=")
        .endsWith("io.pgbackup.agent.Main --config x\n");
  }

  /// A folder that looks like a repository, whose build makes the jars only on the last line.
  private Path repository(String build) throws IOException {
    Path root = Files.createDirectory(fakes.resolve("a repository"));
    Files.createFile(root.resolve("pom.xml"));
    Files.createDirectory(root.resolve("agent"));
    Path cli = Files.createDirectory(root.resolve("cli"));
    program(Files.createDirectory(root.resolve("tools")).resolve("mvn"), build);
    return InstalledLauncher.copy(Path.of("pgbackup"), cli);
  }

  private Map<String, String> withMaven(Path script) throws IOException {
    var environment = new HashMap<>(javaThat("echo started"));
    environment.put("PATH", script.getParent().resolveSibling("tools") + ":/usr/bin:/bin");
    return environment;
  }

  private static final String BUILD =
      """
      cd "${0%/*}/.."
      echo "$@" >> builds
      sleep 0.3
      mkdir -p cli/target/lib
      : > cli/target/lib/pgbackup-agent-1.jar
      : > cli/target/pgbackup-cli-1.jar
      """;

  @Test
  void buildsOnFirstUseAndOnlyOnceHoweverManyBegin() throws Exception {
    Path script = repository(BUILD);
    Map<String, String> environment = withMaven(script);
    Callable<Result> use =
        () -> InstalledLauncher.run(folder, environment, command(script, List.of("version")));
    List<Result> results = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Result> result : threads.invokeAll(List.of(use, use, use))) {
        results.add(result.get());
      }
    }
    results.add(use.call());

    assertThat(results).extracting(Result::out).containsOnly("started\n");
    assertThat(results).extracting(Result::err).anyMatch(err -> err.contains("building"));
    assertThat(results.getLast().err()).isEmpty();
    assertThat(Files.readAllLines(script.getParent().resolveSibling("builds")))
        .hasSize(1)
        .allMatch(line -> line.contains("-pl cli -am package"));
  }

  @Test
  void aKilledBuildIsBegunAgain() throws IOException {
    Path script = repository(BUILD);
    Path lock = script.getParent().resolveSibling("agent/target/.launcher-lock");
    Files.createDirectories(lock);
    Files.writeString(lock.resolve("pid"), "999999999\n");

    Result result =
        InstalledLauncher.run(folder, withMaven(script), command(script, List.of("version")));

    assertThat(result.out()).isEqualTo("started\n");
    assertThat(lock).doesNotExist();
  }

  @Test
  void aFailedBuildSaysWhyAndIsTroubleForWal() throws IOException {
    Path script = repository("echo '[ERROR] no space left'; echo noise; exit 1");

    Result person =
        InstalledLauncher.run(folder, withMaven(script), command(script, List.of("version")));
    Result recovery = InstalledLauncher.run(folder, withMaven(script), command(script, FETCH));

    assertThat(person.status()).isEqualTo(2);
    assertThat(person.err()).contains("[ERROR] no space left", "launcher-build.log");
    assertThat(person.err()).doesNotContain("noise");
    assertThat(recovery.status()).isEqualTo(126);
  }

  @Test
  void withoutMavenItSaysWhatIsMissing() throws IOException {
    Path script = repository("");
    Files.delete(script.getParent().resolveSibling("tools/mvn"));
    assumeTrue(
        Stream.of("/usr/local/bin/mvn", "/usr/bin/mvn", "/bin/mvn")
            .noneMatch(mvn -> Files.exists(Path.of(mvn))),
        "Maven lies in a folder that is always looked at");

    assertThat(
            InstalledLauncher.run(folder, withMaven(script), command(script, List.of("version")))
                .err())
        .contains("no Maven on PATH");
  }

  @Test
  void anotherUserRunsWhatSomebodyElseInstalled() {
    assumeTrue(ServerUser.weAreRoot(), "only root can become another user");

    Result result =
        InstalledLauncher.run(
            Path.of("/"), realJava(), asUser(54321, command(launcher.path(), List.of("version"))));

    assertThat(result.err()).isEmpty();
    assertThat(result.out()).startsWith("pgbackup ");
  }

  @Test
  void anotherUserIsToldWhoMustBuild() throws IOException {
    assumeTrue(ServerUser.weAreRoot(), "only root can become another user");
    Path script = repository(BUILD);
    Files.createDirectories(script.getParent().resolveSibling("agent/target"));
    assertThat(fakes.toFile().setExecutable(true, false)).isTrue();

    Result result =
        InstalledLauncher.run(
            Path.of("/"), withMaven(script), asUser(54321, command(script, FETCH)));

    assertThat(result.status()).isEqualTo(126);
    assertThat(result.err()).contains("this user cannot write to").contains("HINT: Run it once");
  }

  static List<String> asUser(int uid, List<String> command) {
    List<String> words =
        new ArrayList<>(List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups"));
    words.addAll(command);
    return words;
  }
}
