package io.pgbackup.postgres;

import java.util.HexFormat;

/// A timeline's number: 1 for a new cluster, one more than the greatest known at each promotion.
/// Unsigned 32 bits in PostgreSQL; 0 is no timeline.
public record Timeline(long id) implements Comparable<Timeline> {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();
  public static final Timeline FIRST = new Timeline(1);

  public Timeline {
    if (id < 1 || id > 0xFFFF_FFFFL) {
      throw new IllegalArgumentException("a timeline is 1 to 4294967295, got " + id);
    }
  }

  /// @param hex eight hexadecimal digits, as in a segment's file name
  public static Timeline parseHex(String hex) {
    return new Timeline(Long.parseLong(hex, 16));
  }

  /// Eight upper-case hexadecimal digits.
  public String toHex() {
    return HEX.toHexDigits((int) id);
  }

  @Override
  public int compareTo(Timeline other) {
    return Long.compare(id, other.id);
  }

  @Override
  public String toString() {
    return Long.toString(id);
  }
}
