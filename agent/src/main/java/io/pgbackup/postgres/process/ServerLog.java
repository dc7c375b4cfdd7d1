package io.pgbackup.postgres.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The end of a server's log.
public final class ServerLog {
  private static final int TAIL = 32 << 10;
  private static final Pattern TROUBLE =
      Pattern.compile("(?:FATAL|PANIC|could not|setpriv|runuser|su):? .*");

  private ServerLog() {}

  /// At most the last 32 KiB, by lines.
  public static List<String> tail(Path log) {
    return tail(log, 0);
  }

  private static List<String> tail(Path log, long from) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long begin = Math.min(file.length(), Math.max(from, file.length() - TAIL));
      file.seek(begin);
      byte[] bytes = new byte[(int) (file.length() - begin)];
      file.readFully(bytes);
      return new String(bytes, UTF_8).lines().toList();
    } catch (IOException _) {
      return List.of();
    }
  }

  /// The last line that tells of trouble, without what stands before the severity.
  public static Optional<String> reason(Path log) {
    return reason(log, 0);
  }

  /// @param from what stands before this position is of an earlier start
  static Optional<String> reason(Path log, long from) {
    return tail(log, from).reversed().stream()
        .map(TROUBLE::matcher)
        .filter(Matcher::find)
        .map(Matcher::group)
        .findFirst();
  }
}
