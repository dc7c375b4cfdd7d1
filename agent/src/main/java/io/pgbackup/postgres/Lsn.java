package io.pgbackup.postgres;

import java.util.regex.Pattern;

/// A byte position in the write-ahead log (PostgreSQL's `pg_lsn`): 64 bits, unsigned.
///
/// Written as two hexadecimal halves, `16/B374D848` (src/backend/utils/adt/pg_lsn.c).
public record Lsn(long value) implements Comparable<Lsn> {
  public static final Lsn ZERO = new Lsn(0);
  private static final Pattern FORM = Pattern.compile("[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}");

  /// @throws IllegalArgumentException if the text is not two hexadecimal halves
  public static Lsn parse(String text) {
    if (!FORM.matcher(text).matches()) {
      throw new IllegalArgumentException("LSN must look like 16/B374D848, got '" + text + "'");
    }
    int slash = text.indexOf('/');
    long high = Long.parseLong(text, 0, slash, 16);
    long low = Long.parseLong(text, slash + 1, text.length(), 16);
    return new Lsn(high << 32 | low);
  }

  public Lsn plus(long bytes) {
    return new Lsn(value + bytes);
  }

  /// Bytes from the other position to this one; negative where this one is behind.
  public long minus(Lsn other) {
    return value - other.value;
  }

  public boolean isBefore(Lsn other) {
    return compareTo(other) < 0;
  }

  @Override
  public int compareTo(Lsn other) {
    return Long.compareUnsigned(value, other.value);
  }

  @Override
  public String toString() {
    return "%X/%X".formatted(value >>> 32, value & 0xFFFF_FFFFL);
  }
}
