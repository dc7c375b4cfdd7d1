package io.pgbackup.postgres;

import java.util.Optional;
import java.util.regex.Pattern;

/// The names that PostgreSQL archives and asks for (xlog_internal.h). Anything else is refused at
/// the socket, so that no path ever reaches the store or the disk.
public sealed interface WalFileName {
  /// The file's name as PostgreSQL gives it.
  String text();

  /// A whole segment, 24 digits.
  record Segment(String text) implements WalFileName {}

  /// The unfinished last segment of a timeline that was left: `<segment>.partial`.
  record Partial(String text) implements WalFileName {}

  /// A timeline's history: `00000002.history`.
  record History(String text) implements WalFileName {
    public Timeline timeline() {
      return Timeline.parseHex(text.substring(0, 8));
    }
  }

  /// A backup's history file: `<segment>.<offset>.backup`.
  record BackupHistory(String text) implements WalFileName {}

  Pattern PARTIAL = Pattern.compile("[0-9A-F]{24}\\.partial");
  Pattern HISTORY = Pattern.compile("[0-9A-F]{8}\\.history");
  Pattern BACKUP_HISTORY = Pattern.compile("[0-9A-F]{24}\\.[0-9A-F]{8}\\.backup");

  static Optional<WalFileName> tryParse(String text) {
    if (WalSegment.isSegmentName(text)) {
      return Optional.of(new Segment(text));
    }
    if (HISTORY.matcher(text).matches()) {
      return Optional.of(new History(text));
    }
    if (PARTIAL.matcher(text).matches()) {
      return Optional.of(new Partial(text));
    }
    if (BACKUP_HISTORY.matcher(text).matches()) {
      return Optional.of(new BackupHistory(text));
    }
    return Optional.empty();
  }

  /// @throws IllegalArgumentException if PostgreSQL has no such WAL file
  static WalFileName parse(String text) {
    return tryParse(text)
        .orElseThrow(
            () -> new IllegalArgumentException("'" + text + "' is not the name of a WAL file"));
  }
}
