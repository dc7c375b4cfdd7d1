package io.pgbackup.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// `sidecar-image/client`, compiled by the machine's C compiler with its sanitizers, so that a
/// wrong access to memory ends a run with a status of its own.
///
/// @param program the compiled client
/// @param socket the one it speaks to
record CompiledClient(Path program, Path socket) {
  private static final Path SOURCE = Path.of("../sidecar-image/client/pgbackup-client.c");
  private static final int SANITIZER = 99;

  /// How a run ended.
  ///
  /// @param err its words on stderr
  record Ended(int status, String err) {}

  /// @throws org.opentest4j.TestAbortedException where this machine cannot compile it
  static Path compile(Path folder) throws IOException, InterruptedException {
    Path probe = Files.writeString(folder.resolve("probe.c"), "int main(void) { return 0; }");
    String compiler = compiler();
    Ended probed = compile(compiler, probe, folder.resolve("probe"));
    assumeTrue(probed.status() == 0, compiler + " has no sanitizers: " + probed.err());
    Path program = folder.resolve("pgbackup-client");
    assertThat(compile(compiler, SOURCE, program)).isEqualTo(new Ended(0, ""));
    return program;
  }

  private static String compiler() {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.of("cc", "gcc", "clang")
        .filter(
            name ->
                Arrays.stream(path.split(File.pathSeparator))
                    .anyMatch(directory -> Files.isExecutable(Path.of(directory, name))))
        .findFirst()
        .orElseGet(() -> abort("no C compiler on PATH: cc, gcc or clang"));
  }

  private static Ended compile(String compiler, Path source, Path program)
      throws IOException, InterruptedException {
    var command =
        List.of(
            compiler,
            "-std=c11",
            "-g",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Wshadow",
            "-Wconversion",
            "-Werror",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
            "-o",
            program.toString(),
            source.toString());
    return end(new ProcessBuilder(command).start());
  }

  /// @param folder its working directory, as PGDATA is PostgreSQL's
  Process start(Path folder, String... words) throws IOException {
    return start(folder, List.of(), words);
  }

  private Process start(Path folder, List<String> before, String... words) throws IOException {
    var command = new ArrayList<>(before);
    command.addAll(List.of(program.toString(), "--socket", socket.toString()));
    command.addAll(List.of(words));
    var builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("ASAN_OPTIONS", "detect_leaks=0:exitcode=" + SANITIZER);
    builder.environment().put("UBSAN_OPTIONS", "print_stacktrace=1:exitcode=" + SANITIZER);
    return builder.start();
  }

  Ended run(Path folder, String... words) throws IOException, InterruptedException {
    return end(start(folder, words));
  }

  /// With a limit on what it may write, which acts as a full disk does.
  Ended runWithoutRoom(Path folder, String... words) throws IOException, InterruptedException {
    return end(start(folder, List.of("sh", "-c", "ulimit -f 8; exec \"$0\" \"$@\""), words));
  }

  static Ended end(Process process) throws IOException, InterruptedException {
    String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("it ends").isTrue();
    assertThat(process.exitValue()).as(err).isNotEqualTo(SANITIZER);
    return new Ended(process.exitValue(), err);
  }
}
