package io.pgbackup.engine.walg;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// What Linux says about the processes that a program consists of. Elsewhere nothing is known.
final class ProcessFacts {
  private static final Path PROC = Path.of("/proc");

  private ProcessFacts() {}

  /// The greatest resident memory of one of these processes so far, in bytes.
  static OptionalLong peakMemory(ProcessHandle leader) {
    return leader
        .descendants()
        .flatMap(process -> number(process, "status", "VmHWM:").stream().boxed())
        .mapToLong(kibibytes -> kibibytes * 1024)
        .max();
  }

  /// Bytes that they have read so far, whatever the source.
  static long read(ProcessHandle leader) {
    return sum(leader, "rchar:");
  }

  /// Bytes that they have written so far, whatever the destination.
  static long written(ProcessHandle leader) {
    return sum(leader, "wchar:");
  }

  private static long sum(ProcessHandle leader, String key) {
    return leader
        .descendants()
        .flatMap(process -> number(process, "io", key).stream().boxed())
        .mapToLong(bytes -> bytes)
        .sum();
  }

  private static OptionalLong number(ProcessHandle process, String file, String key) {
    Path source = PROC.resolve(Long.toString(process.pid())).resolve(file);
    try (Stream<String> lines = Files.lines(source)) {
      return lines
          .filter(line -> line.startsWith(key))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst();
    } catch (IOException | UncheckedIOException _) {
      // it has ended meanwhile, or this is no Linux
      return OptionalLong.empty();
    }
  }
}
