package io.pgbackup.engine.walg;

import java.io.IOException;
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

  /// Bytes that they have read and written so far, whatever the source and the destination.
  static long moved(ProcessHandle leader) {
    return leader
        .descendants()
        .flatMap(
            process ->
                Stream.of(number(process, "io", "rchar:"), number(process, "io", "wchar:"))
                    .flatMap(value -> value.stream().boxed()))
        .mapToLong(bytes -> bytes)
        .sum();
  }

  /// Bytes that they have read so far.
  static long read(ProcessHandle leader) {
    return leader
        .descendants()
        .flatMap(process -> number(process, "io", "rchar:").stream().boxed())
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
    } catch (IOException | java.io.UncheckedIOException _) {
      // it has ended meanwhile, or this is no Linux
      return OptionalLong.empty();
    }
  }
}
