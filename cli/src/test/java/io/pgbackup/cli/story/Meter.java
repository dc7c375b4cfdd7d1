package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// What programs cost, as Linux counts it.
final class Meter {
  private static final long TICKS_PER_SECOND = 100;

  private final Path folder;

  /// @param folder for what the programs print
  Meter(Path folder) {
    this.folder = folder;
  }

  /// @param wall seconds
  /// @param cpu seconds of the program and its children
  /// @param peakMib resident memory of them together, at its highest of many looks
  record Cost(double wall, double cpu, double peakMib) {}

  /// Runs a program to its end; it has to succeed.
  Cost run(Map<String, String> environment, List<String> command) throws Exception {
    Path errors = Files.createTempFile(folder, "peer", ".err");
    Path times = Files.createTempFile(folder, "peer", ".time");
    List<String> line =
        new ArrayList<>(List.of("bash", "-c", "TIMEFORMAT='%R %U %S'; time \"$@\" >\"$0\" 2>&1"));
    line.add(errors.toString());
    line.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(line).redirectError(times.toFile());
    builder.environment().putAll(environment);
    builder.environment().put("LC_ALL", "C");
    Process process = builder.start();
    long peak = 0;
    while (!process.waitFor(20, TimeUnit.MILLISECONDS)) {
      peak = Math.max(peak, process.descendants().mapToLong(it -> kib(it.pid(), "VmRSS")).sum());
    }
    assertThat(process.exitValue()).as("%s: %s", command, Files.readString(errors)).isZero();
    String[] fields = Files.readString(times).strip().split(" ");
    return new Cost(
        Double.parseDouble(fields[0]),
        Double.parseDouble(fields[1]) + Double.parseDouble(fields[2]),
        peak / 1024.0);
  }

  /// Seconds of processor time so far, of the process and of its children that have ended.
  static double cpu(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    long ticks = 0;
    for (int field = 11; field <= 14; field++) {
      ticks += Long.parseLong(fields[field]);
    }
    return (double) ticks / TICKS_PER_SECOND;
  }

  static double residentMib(long pid) {
    return kib(pid, "VmRSS") / 1024.0;
  }

  /// The highest since it started.
  static double peakMib(long pid) {
    return kib(pid, "VmHWM") / 1024.0;
  }

  private static long kib(long pid, String field) {
    try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(pid), "status"))) {
      return lines
          .filter(line -> line.startsWith(field + ":"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElse(0);
    } catch (NoSuchFileException e) {
      return 0;
    } catch (IOException | java.io.UncheckedIOException e) {
      // it ended while we read
      return 0;
    }
  }
}
