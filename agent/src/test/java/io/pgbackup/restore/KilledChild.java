package io.pgbackup.restore;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/// A process of its own that is killed, by `kill -9`, where it says how far it has come.
final class KilledChild {
  private KilledChild() {}

  /// @return what the child said last
  static String run(Class<?> main, String... arguments) throws IOException, InterruptedException {
    List<String> java =
        List.of(
            ProcessHandle.current().info().command().orElseThrow(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            main.getName());
    Process child =
        new ProcessBuilder(Stream.concat(java.stream(), Stream.of(arguments)).toList())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      return String.valueOf(output.readLine());
    } finally {
      child.destroyForcibly().waitFor();
    }
  }
}
