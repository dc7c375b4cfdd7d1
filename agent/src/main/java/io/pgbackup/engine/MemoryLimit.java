package io.pgbackup.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// How much memory this process may take, so that it asks for less where the heap alone would be
/// more than its control group bears. Stateless.
public final class MemoryLimit {
  /// Of version 2 and 1; a container sees its own group there.
  private static final List<Path> FILES =
      List.of(
          Path.of("/sys/fs/cgroup/memory.max"),
          Path.of("/sys/fs/cgroup/memory/memory.limit_in_bytes"));

  private MemoryLimit() {}

  /// The control group's, in bytes; empty for none.
  public static Optional<Long> ofControlGroup() {
    for (Path file : FILES) {
      try {
        return parse(Files.readString(file));
      } catch (IOException | NumberFormatException _) {
        // Not this version of control groups.
      }
    }
    return Optional.empty();
  }

  /// @param text without a limit one version says 'max', the other a number near the greatest
  static Optional<Long> parse(String text) {
    String number = text.strip();
    long limit = number.equals("max") ? Long.MAX_VALUE : Long.parseLong(number);
    return limit < 1L << 50 ? Optional.of(limit) : Optional.empty();
  }

  /// What may be held in the heap at once: half of the control group's limit, because as much lies
  /// beside the heap, and never more than the heap.
  public static long heap() {
    return heap(Runtime.getRuntime().maxMemory(), ofControlGroup());
  }

  static long heap(long most, Optional<Long> limit) {
    return limit.map(bytes -> Math.min(most, bytes / 2)).orElse(most);
  }
}
