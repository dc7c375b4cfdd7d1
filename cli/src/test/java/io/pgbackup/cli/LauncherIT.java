package io.pgbackup.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.cli.InstalledLauncher.Result;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.testing.EnterableTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real scripts: how they find themselves, their jars and a Java.
class LauncherIT {
  private static final Path JDK = Path.of(System.getProperty("java.home"));
  private static final Map<String, String> REAL_JAVA = Map.of("JAVA_HOME", JDK.toString());
  private static final List<String> VERSION = List.of("version");

  @TempDir(factory = EnterableTempDir.class)
  private static Path installed;

  private static InstalledLauncher launcher;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private FakePrograms fakes;

  @BeforeAll
  static void install() throws IOException {
    launcher = InstalledLauncher.in(Files.createDirectory(installed.resolve("with a space")));
  }

  @BeforeEach
  void chooseFolder() {
    fakes = new FakePrograms(folder);
  }

  private Result run(Map<String, String> environment, List<String> words) {
    return InstalledLauncher.run(folder, environment, launcher.command(words));
  }

  @Test
  void runsFromAnyFolderThroughAChainOfLinksWithSpacesInPaths() throws IOException {
    Path links = Files.createDirectory(installed.resolve("more spaces"));
    Files.createSymbolicLink(links.resolve("second"), launcher.path());
    Path first = Files.createSymbolicLink(links.resolve("first"), Path.of("second"));

    Result result =
        InstalledLauncher.run(folder, REAL_JAVA, new InstalledLauncher(first).command(VERSION));

    assertThat(result.out()).startsWith("pgbackup ");
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
  }

  @Test
  void isFoundOnPath() {
    Map<String, String> environment =
        Map.of("JAVA_HOME", JDK.toString(), "PATH", launcher.folder() + ":/bin");

    Result result =
        InstalledLauncher.run(folder, environment, List.of("/bin/sh", "-c", "pgbackup version"));

    assertThat(result.out()).startsWith("pgbackup ");
  }

  @Test
  void statusesPassUnchanged() {
    assertThat(run(REAL_JAVA, List.of("--nonsense")).status()).isEqualTo(2);
  }

  @Test
  void argumentsArriveAsTheyWereGiven() throws IOException {
    Result result =
        run(
            fakes.javaThat("while [ $# -gt 0 ]; do printf '[%s]' \"$1\"; shift; done"),
            List.of("clone", "--as", "a  b", "", "*", "$HOME", "'\""));

    assertThat(result.out())
        .endsWith("[io.pgbackup.cli.PgBackup][clone][--as][a  b][][*][$HOME]['\"]");
  }

  @Test
  void moreOptionsForTheJvmComeFromTheEnvironment() throws IOException {
    var environment = new HashMap<>(fakes.javaThat("printf '[%s]' \"$@\""));
    environment.put("PGBACKUP_JAVA_OPTIONS", "-Xmx2g -Dx=y");

    assertThat(run(environment, VERSION).out()).contains("[-Xmx2g][-Dx=y]");
  }

  @Test
  void theJvmGetsItsCacheWhereThereIsOne() throws IOException {
    Map<String, String> environment = fakes.javaThat("printf '[%s]' \"$@\"");
    Path cache = launcher.folder().resolve("lib/pgbackup.aot");
    String without = run(environment, VERSION).out();
    Files.createFile(cache);

    String with = run(environment, VERSION).out();
    Files.delete(cache);

    assertThat(without).doesNotContain("AOT");
    assertThat(with).contains("[-XX:AOTCache=" + cache + "]").endsWith("PgBackup][version]");
  }

  @Test
  void whatOnlySpeaksOfItselfGetsTheSmallCache() throws IOException {
    Map<String, String> environment = fakes.javaThat("printf '[%s]' \"$@\"");
    Path folder = launcher.folder().resolve("lib");
    Path small = Files.createFile(folder.resolve("pgbackup-help.aot"));
    Path whole = Files.createFile(folder.resolve("pgbackup.aot"));

    for (List<String> words : List.of(VERSION, List.of("--help"), List.of("restore", "-h"))) {
      assertThat(run(environment, words).out()).contains("[-XX:AOTCache=" + small + "]");
    }
    assertThat(run(environment, List.of("clusters")).out())
        .contains("[-XX:AOTCache=" + whole + "]");
    Files.delete(small);
    Files.delete(whole);
  }

  @Test
  void aRehearsalMakesBothCaches() throws IOException {
    var environment = new HashMap<>(fakes.javaThat("printf '[%s]' \"$@\""));
    environment.put("PGBACKUP_REHEARSAL", "yes");

    Path folder = launcher.folder().resolve("lib");
    assertThat(run(environment, List.of()).out())
        .contains(
            "NewerClasses][" + folder + "]",
            "[-XX:AOTCacheOutput=" + folder.resolve("pgbackup-help.aot") + "]",
            "Rehearsal][help]",
            "[-XX:AOTCacheOutput=" + folder.resolve("pgbackup.aot") + "]")
        .endsWith("Rehearsal]");
  }

  @Test
  void nothingElseBecomesARehearsal() throws IOException {
    var environment = new HashMap<>(fakes.javaThat("printf '[%s]' \"$@\""));
    environment.put("PGBACKUP_REHEARSAL", "yes");

    assertThat(run(environment, List.of("wal", "push", "a")).out())
        .endsWith("PgBackup][wal][push][a]")
        .doesNotContain("AOT");
  }

  @Test
  void theCacheGivesWayToOtherOptionsForSharing() throws IOException {
    var environment = new HashMap<>(fakes.javaThat("printf '[%s]' \"$@\""));
    environment.put("PGBACKUP_JAVA_OPTIONS", "-Xshare:off");
    Path cache = Files.createFile(launcher.folder().resolve("lib/pgbackup.aot"));

    String out = run(environment, VERSION).out();
    Files.delete(cache);

    assertThat(out).contains("[-Xshare:off]").doesNotContain("AOT");
  }

  /// With this mode a JVM that cannot use its cache ends.
  @Test
  void theCachesThatTheBuildMadeAreUsed() throws IOException {
    // the same Java as in the build is found in the same way
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.put("PGBACKUP_JAVA_OPTIONS", "-XX:AOTMode=on");
    InstalledLauncher built = InstalledLauncher.copy(Path.of("pgbackup"), folder);
    Files.createSymbolicLink(folder.resolve("target"), Path.of("target").toAbsolutePath());

    assertThat(Path.of("target/pgbackup-help.aot")).isNotEmptyFile();
    assertThat(Path.of("target/pgbackup.aot")).isNotEmptyFile();
    Result version = InstalledLauncher.run(folder, environment, built.command(VERSION));
    assertThat(version.err()).isEmpty();
    assertThat(version.out()).startsWith("pgbackup ");
    assertThat(version.status()).isZero();
    Result clusters =
        InstalledLauncher.run(
            folder, environment, built.command(List.of("--store", "file://" + folder, "clusters")));
    assertThat(clusters.err()).startsWith("no cluster has backups in ");
    assertThat(clusters.status()).isZero();
  }

  @Test
  void anOlderJavaIsPassedOver() throws IOException {
    Path older = fakes.java("17.0.15", "echo wrong >&2; exit 1");
    Path ancient = fakes.java("1.8.0_402", "echo wrong >&2; exit 1");
    Path silent = fakes.java("", "echo 'openjdk version \"21.0.1\" 2023-10-17' >&2; exit 1");
    Map<String, String> environment =
        Map.of(
            "JAVA_HOME",
            ancient.toString(),
            "PATH",
            older.resolve("bin") + ":" + silent.resolve("bin") + ":/usr/bin:/bin",
            "PGBACKUP_JDK_FOLDERS",
            folder + ":" + JDK.getParent());

    Result result = run(environment, VERSION);

    assertThat(result.out()).startsWith("pgbackup ");
    assertThat(result.err()).isEmpty();
  }

  @Test
  void aNewerJavaWithoutAReleaseFileIsAskedForItsVersion() throws IOException {
    String script =
        "case $1 in -version) echo 'openjdk version \"26-ea\"' >&2 ;; *) echo me ;; esac";
    Path programs = Files.createDirectory(folder.resolve("programs"));
    Files.createSymbolicLink(programs.resolve("java"), fakes.java("", script).resolve("bin/java"));
    Map<String, String> environment = new HashMap<>(fakes.noJava());
    environment.put("PATH", programs.toString());

    assertThat(run(environment, VERSION).out()).isEqualTo("me\n");
  }

  @Test
  void aJdkOfMacOsIsFoundInItsBundle() throws IOException {
    Path bundles = folder.resolve("JavaVirtualMachines");
    Path contents = Files.createDirectories(bundles.resolve("temurin-25.jdk/Contents"));
    Files.move(fakes.java("25", "echo bundle"), contents.resolve("Home"));
    Map<String, String> environment = new HashMap<>(fakes.noJava());
    environment.put("PGBACKUP_JDK_FOLDERS", bundles.toString());

    assertThat(run(environment, VERSION).out()).isEqualTo("bundle\n");
  }

  @Test
  void withoutAJavaItSaysWhatIsMissing() throws IOException {
    Result result = run(fakes.noJava(), VERSION);

    assertThat(result.status()).isEqualTo(2);
    assertThat(result.err())
        .startsWith("ERROR: no Java 25 or newer found\nHINT: Install a JDK 25, or set JAVA_HOME");
  }

  @Test
  void aJavaThatIsTooOldIsNamed() throws IOException {
    Path older = fakes.java("17.0.15", "");
    Map<String, String> environment = new HashMap<>(fakes.noJava());
    environment.put("JAVA_HOME", older.toString());

    assertThat(run(environment, VERSION).err()).contains("found, only Java 17.0.15 in " + older);
  }

  @Test
  void theAgentsLauncherBecomesTheJvm() throws Exception {
    Path agent = Files.createDirectory(folder.resolve("agent dir"));
    Files.createDirectory(agent.resolve("lib"));
    Files.createFile(agent.resolve("lib/pgbackup-agent-1.jar"));
    var script = InstalledLauncher.copy(Path.of("../agent/pgbackup-agent"), agent);
    Process process =
        InstalledLauncher.start(
            folder,
            fakes.javaThat("echo $$; echo \"$@\"; exit 5"),
            script.command(List.of("--config", "x")));

    String[] output = new String(process.getInputStream().readAllBytes(), UTF_8).split("\n", 2);

    assertThat(process.waitFor()).isEqualTo(5);
    assertThat(output[0]).isEqualTo(Long.toString(process.pid()));
    assertThat(output[1])
        .contains("-XX:MaxDirectMemorySize=")
        .endsWith("io.pgbackup.agent.Main --config x\n");
  }

  @Test
  void anotherUserRunsWhatSomebodyElseInstalled() {
    assumeTrue(ServerUser.weAreRoot(), "only root can become another user");

    Result result =
        InstalledLauncher.run(
            Path.of("/"), REAL_JAVA, InstalledLauncher.asUser(54321, launcher.command(VERSION)));

    assertThat(result.err()).isEmpty();
    assertThat(result.out()).startsWith("pgbackup ");
  }
}
