package io.pgbackup.kubernetes.restore;

import java.nio.file.Path;
import java.util.Optional;

/// Where Secrets with passwords lie in a pod: the path of each file names its Secret and its key,
/// so that whoever misses one can say which.
public final class PasswordFolder {
  private static final Path FOLDER = Path.of("/etc/pgbackup-passwords");
  private static final int DEPTH = 3;

  /// Of a Secret.
  public record Key(String namespace, String secret, String key) {}

  private PasswordFolder() {}

  static Path of(String namespace, String secret) {
    return FOLDER.resolve(namespace).resolve(secret);
  }

  /// Which key of which Secret a file is, by its path.
  public static Optional<Key> key(Path file) {
    if (!file.startsWith(FOLDER) || file.getNameCount() != FOLDER.getNameCount() + DEPTH) {
      return Optional.empty();
    }
    Path inside = FOLDER.relativize(file);
    return Optional.of(
        new Key(
            inside.getName(0).toString(),
            inside.getName(1).toString(),
            inside.getName(2).toString()));
  }
}
