package io.pgbackup.engine.format;

import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A base backup's name: `base_` and its start segment; a delta adds `_D_` and its parent's start
/// segment.
public record BackupName(String value) implements Comparable<BackupName> {
  private static final Pattern FORM =
      Pattern.compile("base_([0-9A-F]{24})(_D_([0-9A-F]{24}))?(_[0-9A-F]{8})?");

  public BackupName {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "a base backup is called like base_000000010000000000000002, got '" + value + "'");
    }
  }

  public static BackupName full(WalSegment start) {
    return new BackupName("base_" + start.fileName());
  }

  /// Named after its direct parent, wherever in a chain that is.
  public static BackupName delta(WalSegment start, BackupName parent) {
    return new BackupName("base_" + start.fileName() + "_D_" + parent.startSegment());
  }

  public static Optional<BackupName> tryParse(String text) {
    return FORM.matcher(text).matches() ? Optional.of(new BackupName(text)) : Optional.empty();
  }

  public boolean isDelta() {
    return value.contains("_D_");
  }

  /// The 24 digits of the segment in which the backup began.
  public String startSegment() {
    return value.substring(5, 29);
  }

  public Timeline timeline() {
    return Timeline.parseHex(value.substring(5, 13));
  }

  /// The parent's start segment, for a delta.
  public Optional<String> parentSegment() {
    Matcher matcher = FORM.matcher(value);
    return matcher.matches() ? Optional.ofNullable(matcher.group(3)) : Optional.empty();
  }

  @Override
  public int compareTo(BackupName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
