package io.pgbackup.cli.demo;

import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// One demo in a copy of what was built, laid out as an installation is.
record DemoRun(Process process, Path outputFile) implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofMinutes(6);
  private static final Pattern PLACE = Pattern.compile("/tmp/pgbackup-demo-[0-9a-f]{6}");

  /// @param mode of the copy's folder
  static DemoRun start(Path copy, String mode, ServerUser user) throws IOException {
    Files.createDirectory(copy);
    install(copy);
    Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString(mode));
    Path output = copy.resolveSibling(copy.getFileName() + ".output");
    ProcessBuilder builder =
        new ProcessBuilder(user.command(List.of(copy.resolve("pgbackup").toString(), "demo")))
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    // a person's own settings must not lead the demo astray
    builder.environment().put("PGBACKUP_STORAGE_URL", "s3://not-the-demos");
    return new DemoRun(builder.start(), output);
  }

  private static void install(Path folder) throws IOException {
    Path library = Files.createDirectory(folder.resolve("lib"));
    Files.setPosixFilePermissions(library, PosixFilePermissions.fromString("rwxr-xr-x"));
    copy(Path.of("pgbackup"), folder);
    copy(Path.of("../agent/pgbackup-agent"), folder);
    for (String built : List.of("target", "target/lib")) {
      try (Stream<Path> files = Files.list(Path.of(built))) {
        for (Path jar : files.filter(file -> file.toString().endsWith(".jar")).toList()) {
          copy(jar, library);
        }
      }
    }
  }

  private static void copy(Path file, Path folder) throws IOException {
    Path copy = Files.copy(file, folder.resolve(file.getFileName()));
    Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  boolean isAlive() {
    return process.isAlive();
  }

  void terminate() {
    process.destroy();
  }

  /// @return its exit status
  int awaitEnd() throws InterruptedException {
    if (!process.waitFor(PATIENCE)) {
      throw new IllegalStateException("the demo has not ended after " + PATIENCE);
    }
    return process.exitValue();
  }

  String output() throws IOException {
    return Files.readString(outputFile);
  }

  /// Command lines of programs that have something of this demo open.
  List<String> processesLeft() throws IOException {
    List<String> places = places();
    return ProcessHandle.allProcesses()
        .map(handle -> handle.info().commandLine().orElse(""))
        .filter(line -> places.stream().anyMatch(line::contains))
        .toList();
  }

  private List<String> places() throws IOException {
    return PLACE.matcher(output()).results().map(MatchResult::group).distinct().toList();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    for (String place : places()) {
      Trees.delete(Path.of(place));
    }
  }
}
