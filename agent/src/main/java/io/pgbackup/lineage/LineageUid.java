package io.pgbackup.lineage;

import java.util.UUID;
import java.util.regex.Pattern;

/// Names one unbroken history of one cluster. A UUID where we make it; adopted archives may have
/// other names, so any one folder name is accepted.
public record LineageUid(String value) implements Comparable<LineageUid> {
  private static final Pattern FORM =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");

  public LineageUid {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "a UID has 1 to 63 letters, digits, '-', '_' and '.', got '" + value + "'");
    }
  }

  public static LineageUid random() {
    return new LineageUid(UUID.randomUUID().toString());
  }

  @Override
  public int compareTo(LineageUid other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
