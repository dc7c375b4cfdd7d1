package io.pgbackup.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.cli.InstalledLauncher.Result;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.testing.EnterableTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real script in a folder that looks like a repository, with a Maven that only makes the jars.
class LauncherBuildIT {
  private static final List<String> VERSION = List.of("version");
  private static final List<String> FETCH = List.of("wal", "fetch", "a", "b");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path repository;
  private Path lock;
  private InstalledLauncher launcher;

  @BeforeEach
  void makeRepository() throws IOException {
    repository = Files.createDirectory(folder.resolve("a repository"));
    lock = repository.resolve("agent/target/.launcher-lock");
    Files.createFile(repository.resolve("pom.xml"));
    Files.createDirectory(repository.resolve("agent"));
    launcher =
        InstalledLauncher.copy(
            Path.of("pgbackup"), Files.createDirectory(repository.resolve("cli")));
    maven(
        """
        cd "${0%/*}/.."
        echo "$@" >> builds
        sleep 0.3
        mkdir -p cli/target/lib
        : > cli/target/lib/pgbackup-agent-1.jar
        : > cli/target/pgbackup-cli-1.jar
        """);
  }

  private void maven(String script) throws IOException {
    Path tools = Files.createDirectories(repository.resolve("tools"));
    FakePrograms.program(tools.resolve("mvn"), script);
  }

  private Map<String, String> environment() throws IOException {
    var environment = new HashMap<>(new FakePrograms(folder).javaThat("echo started"));
    environment.put("PATH", repository.resolve("tools") + ":/usr/bin:/bin");
    return environment;
  }

  private Result run(List<String> words) throws IOException {
    return InstalledLauncher.run(folder, environment(), launcher.command(words));
  }

  @Test
  void buildsOnFirstUseAndOnlyOnceHoweverManyBegin() throws Exception {
    Callable<Result> use = () -> run(VERSION);
    List<Result> results = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Result> result : threads.invokeAll(List.of(use, use, use))) {
        results.add(result.get());
      }
    }
    Result later = use.call();

    assertThat(results).extracting(Result::out).containsOnly("started\n");
    assertThat(results).extracting(Result::err).anyMatch(err -> err.contains("building"));
    assertThat(later).isEqualTo(new Result(0, "started\n", ""));
    assertThat(Files.readAllLines(repository.resolve("builds")))
        .singleElement()
        .asString()
        .contains("-pl cli -am package");
  }

  @Test
  void buildsAgainAfterTheSourcesChangedButNotWhilePostgresWaits() throws IOException {
    run(VERSION);
    changeTheSources();

    Result recovery = run(FETCH);
    Result person = run(VERSION);
    Result again = run(VERSION);

    assertThat(recovery.err()).isEmpty();
    assertThat(person.err()).contains("because its sources are newer");
    assertThat(again.err()).isEmpty();
    assertThat(Files.readAllLines(repository.resolve("builds"))).hasSize(2);
  }

  @Test
  void saysThatItIsOlderThanItsSourcesWhereItCannotBuild() throws IOException {
    assumeTrue(ServerUser.weAreRoot(), "only root can become another user");
    run(VERSION);
    changeTheSources();
    var environment = environment();
    Path java = Path.of(environment.get("JAVA_HOME"));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));

    Result result =
        InstalledLauncher.run(
            Path.of("/"), environment, InstalledLauncher.asUser(54321, launcher.command(VERSION)));

    assertThat(result.out()).isEqualTo("started\n");
    assertThat(result.err()).contains("WARNING: it was built from older sources");
  }

  private void changeTheSources() throws IOException {
    Files.setLastModifiedTime(
        repository.resolve("cli/target/pgbackup-cli-1.jar"),
        FileTime.from(Instant.now().minusSeconds(60)));
    Files.createFile(
        Files.createDirectories(repository.resolve("agent/src/main")).resolve("A.java"));
  }

  /// The cache that the build made is for a jar of exactly this time.
  @Test
  void aNewJarKeepsItsTime() throws IOException {
    maven(
        """
        cd "${0%/*}/.."
        mkdir -p cli/target/lib
        : > cli/target/lib/pgbackup-agent-1.jar
        : > cli/target/pgbackup-cli-1.jar
        touch -d 2050-01-01T00:00:00Z cli/target/pgbackup-cli-1.jar
        """);

    assertThat(run(VERSION).out()).contains("started");
    assertThat(Files.getLastModifiedTime(repository.resolve("cli/target/pgbackup-cli-1.jar")))
        .isEqualTo(FileTime.from(Instant.parse("2050-01-01T00:00:00Z")));
  }

  @Test
  void aKilledBuildIsBegunAgain() throws IOException {
    Files.createDirectories(lock);
    Files.writeString(lock.resolve("pid"), "999999999\n");
    Path half = Files.createDirectories(repository.resolve("cli/target/lib")).resolveSibling("x");
    Files.move(Files.createFile(half), half.resolveSibling("pgbackup-cli-1.jar"));

    assertThat(run(VERSION).out()).isEqualTo("started\n");
    assertThat(repository.resolve("builds")).exists();
    assertThat(lock).doesNotExist();
  }

  @Test
  void aFailedBuildSaysWhyAndIsTroubleForWal() throws IOException {
    maven("echo '[ERROR] no space left'; echo noise; exit 1");

    Result person = run(VERSION);
    Result recovery = run(FETCH);

    assertThat(person.status()).isEqualTo(2);
    assertThat(person.err())
        .contains("[ERROR] no space left", "launcher-build.log")
        .doesNotContain("noise");
    assertThat(recovery.status()).isEqualTo(126);
    assertThat(lock).doesNotExist();
  }

  @Test
  void withoutMavenItSaysWhatIsMissing() throws IOException {
    Files.delete(repository.resolve("tools/mvn"));
    assumeTrue(
        Stream.of("/usr/local/bin/mvn", "/usr/bin/mvn", "/bin/mvn")
            .noneMatch(mvn -> Files.exists(Path.of(mvn))),
        "Maven lies in a folder that is always looked at");

    assertThat(run(VERSION).err()).contains("no Maven on PATH");
  }

  @Test
  void anInstalledCopyWithoutJarsSaysWhereTheyBelong() throws IOException {
    Files.delete(repository.resolve("pom.xml"));

    assertThat(run(VERSION).err())
        .contains("no pgbackup-cli-*.jar in " + launcher.folder() + "/lib");
    assertThat(run(FETCH).status()).isEqualTo(126);
  }

  @Test
  void aUserWhoMayNotBuildIsToldWhoMust() throws IOException {
    assumeTrue(ServerUser.weAreRoot(), "only root can become another user");

    Result result =
        InstalledLauncher.run(
            Path.of("/"), environment(), InstalledLauncher.asUser(54321, launcher.command(FETCH)));

    assertThat(result.status()).isEqualTo(126);
    assertThat(result.err()).contains("this user cannot write to").contains("HINT: Run it once");
  }
}
