package io.pgbackup.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Programs of which only the status, or the words they were given, matter.
record FakePrograms(Path folder) {
  /// A folder that looks like a Java and whose `java` is this script.
  ///
  /// @param version what its `release` file says; without one there is no such file
  Path java(String version, String script) throws IOException {
    Path home = Files.createTempDirectory(folder, "java ");
    Files.createDirectory(home.resolve("bin"));
    if (!version.isEmpty()) {
      Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    }
    program(home.resolve("bin/java"), script);
    return home;
  }

  /// The environment in which that script is the Java that is found.
  Map<String, String> javaThat(String script) throws IOException {
    return Map.of("JAVA_HOME", java("25.0.3", script).toString());
  }

  /// The environment of a machine without any Java.
  Map<String, String> noJava() throws IOException {
    return Map.of(
        "PATH", "", "PGBACKUP_JDK_FOLDERS", Files.createTempDirectory(folder, "empty").toString());
  }

  static void program(Path file, String script) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    if (!file.toFile().setExecutable(true, false)) {
      throw new IOException(file + " cannot be made executable");
    }
  }
}
