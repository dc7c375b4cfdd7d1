package io.pgbackup.cli.source;

import io.pgbackup.config.walg.WalgSettings.Secret;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/// Keys that were given as they are, in files for as long as it takes to open them: in memory where
/// the system has such a folder, readable by this user only. Not thread-safe.
final class SecretFiles implements AutoCloseable {
  private static final Path IN_MEMORY = Path.of("/dev/shm");

  private final Map<String, Path> files = new HashMap<>();

  /// @param secrets by the variable that names the file
  static SecretFiles of(Map<String, Secret> secrets) {
    SecretFiles made = new SecretFiles();
    try {
      for (Map.Entry<String, Secret> secret : secrets.entrySet()) {
        made.write(secret.getKey(), secret.getValue());
      }
      return made;
    } catch (IOException e) {
      made.close();
      throw Problem.misconfigured(
              "a key cannot be put aside for reading: " + e,
              "Give the key in a file: WALG_LIBSODIUM_KEY_PATH or WALG_PGP_KEY_PATH.")
          .causedBy(e);
    }
  }

  private void write(String variable, Secret secret) throws IOException {
    Path folder =
        Files.isWritable(IN_MEMORY)
            ? IN_MEMORY
            : Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    Path file = folder.resolve("pgbackup-" + UUID.randomUUID());
    files.put(variable, file);
    SecretFile.create(file, secret.reveal().getBytes(StandardCharsets.UTF_8));
  }

  /// The variables and the files they name.
  Map<String, String> variables() {
    Map<String, String> variables = new HashMap<>();
    files.forEach((variable, file) -> variables.put(variable, file.toString()));
    return variables;
  }

  @Override
  public void close() {
    for (Path file : files.values()) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        file.toFile().deleteOnExit();
      }
    }
  }
}
