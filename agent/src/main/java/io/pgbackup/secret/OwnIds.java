package io.pgbackup.secret;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/// The groups that this process belongs to, as Linux tells them; the JDK has no word for it.
final class OwnIds {
  private static final Path STATUS = Path.of("/proc/self/status");

  private OwnIds() {}

  /// The main one and the supplementary ones, `fsGroup` of a pod for instance; none where the
  /// system does not tell.
  static Set<Integer> groups() {
    try {
      return Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1).stream()
          .filter(line -> line.startsWith("Gid:") || line.startsWith("Groups:"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .filter(ids -> !ids.isEmpty())
          .flatMap(ids -> Arrays.stream(ids.split("\\s+")))
          .map(id -> (int) Long.parseLong(id))
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException _) {
      return Set.of();
    }
  }
}
