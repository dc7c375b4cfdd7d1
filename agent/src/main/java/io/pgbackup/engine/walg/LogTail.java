package io.pgbackup.engine.walg;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The last lines that a program printed, for a message. Thread-safe; bounded, whatever the program
/// prints.
final class LogTail {
  private static final int LINES = 40;

  /// As WAL-G begins its lines: `ERROR: 2026/11/21 02:13:40.296785 `.
  private static final Pattern PREFIX =
      Pattern.compile("^(?:[A-Z]+: )?\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)? ");

  private static final Pattern TROUBLE =
      Pattern.compile("^(?:ERROR|FATAL)\\b.*|^panic: .*|.*\\bfatal error: .*");

  /// What WAL-G says last, after the reason.
  private static final Pattern SUMMARY =
      Pattern.compile(
          ".*(?:could not complete upload|unable to complete uploads|could not Upload '[^']*'$).*");

  /// What the daemon says of a client that has gone, also of the one that looked whether it is
  /// there.
  private static final Pattern GONE =
      Pattern.compile(".*(?:failed to read params: EOF|Sending error response failed: ).*");

  private static final int SHOWN = 300;

  /// A line is on its way through a pipe while the answer that it explains has arrived.
  private static final long LINE_UNDER_WAY_MILLIS = 500;

  /// The first line of Go's own words on a crash; hundreds about its threads follow.
  private static final Pattern CRASH = Pattern.compile("^(?:panic|fatal error): .*");

  private final Deque<String> lines = new ArrayDeque<>();
  private Optional<String> crash = Optional.empty();
  private long count;

  synchronized void add(String line) {
    if (lines.size() == LINES) {
      lines.removeFirst();
    }
    lines.addLast(line);
    if (crash.isEmpty() && CRASH.matcher(line).matches()) {
      crash = Optional.of(line);
    }
    count++;
    notifyAll();
  }

  /// How many lines there were so far, those included that are no longer kept.
  synchronized long count() {
    return count;
  }

  /// Like [#reason], of the lines that came after so many; waits a moment for one.
  synchronized Optional<String> reasonAfter(long before) throws InterruptedException {
    long end = System.nanoTime() + LINE_UNDER_WAY_MILLIS * 1_000_000;
    while (fresh(before).stream().noneMatch(LogTail::isReason)) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        break;
      }
      wait(left);
    }
    return reason(fresh(before));
  }

  private List<String> fresh(long before) {
    List<String> kept = List.copyOf(lines);
    int fresh = (int) Math.min(count - before, kept.size());
    return kept.subList(kept.size() - fresh, kept.size());
  }

  synchronized List<String> lines() {
    return List.copyOf(lines);
  }

  /// The line that says best what went wrong: the first of a crash, the last error, otherwise the
  /// last line that is not empty. Without time and level, shortened where it is long.
  synchronized Optional<String> reason() {
    return crash.map(LogTail::bare).or(() -> reason(lines()));
  }

  private static Optional<String> reason(List<String> kept) {
    return kept.reversed().stream()
        .filter(LogTail::isReason)
        .findFirst()
        .or(() -> kept.reversed().stream().filter(LogTail::isTrouble).findFirst())
        .or(() -> kept.reversed().stream().filter(line -> !line.isBlank()).findFirst())
        .map(LogTail::bare);
  }

  /// Whether a line says of a daemon only that whoever asked it has hung up.
  static boolean isHangUp(String line) {
    return GONE.matcher(line).matches();
  }

  private static boolean isReason(String line) {
    return isTrouble(line) && !SUMMARY.matcher(line).matches() && !isHangUp(line);
  }

  private static boolean isTrouble(String line) {
    return TROUBLE.matcher(line).matches();
  }

  private static String bare(String line) {
    String text = PREFIX.matcher(line).replaceFirst("").strip();
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
  }
}
