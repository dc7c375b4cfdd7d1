package io.pgbackup.postgres;

import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/// One WAL segment: a timeline and the position at which the segment begins. Its size belongs to
/// it, because a name means another position under another size.
///
/// Ordered by position, then timeline.
public record WalSegment(Timeline timeline, Lsn start, WalSegmentSize size)
    implements Comparable<WalSegment> {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();
  private static final Pattern NAME = Pattern.compile("[0-9A-F]{24}");

  public WalSegment {
    if ((start.value() & (size.bytes() - 1)) != 0) {
      throw new IllegalArgumentException(
          start + " does not start a " + size.bytes() + "-byte WAL segment");
    }
  }

  /// The segment that holds the byte at this position.
  public static WalSegment containing(Timeline timeline, Lsn lsn, WalSegmentSize size) {
    return new WalSegment(timeline, new Lsn(lsn.value() & -(long) size.bytes()), size);
  }

  /// @param fileName 24 upper-case hexadecimal digits: timeline, log file, segment
  /// @throws IllegalArgumentException if it is no segment's name under this size
  public static WalSegment parse(String fileName, WalSegmentSize size) {
    if (!NAME.matcher(fileName).matches()) {
      throw new IllegalArgumentException(
          "a WAL segment's name has 24 upper-case hexadecimal digits, got '" + fileName + "'");
    }
    long log = Long.parseLong(fileName, 8, 16, 16);
    long segment = Long.parseLong(fileName, 16, 24, 16);
    if (segment >= size.perLogFile()) {
      throw new IllegalArgumentException(
          fileName + " is no segment of " + size.bytes() + " bytes: its last part is too great");
    }
    return new WalSegment(
        Timeline.parseHex(fileName.substring(0, 8)),
        new Lsn(log << 32 | segment * size.bytes()),
        size);
  }

  /// The segment of that name, or nothing if it is no segment's name under this size.
  public static Optional<WalSegment> tryParse(String fileName, WalSegmentSize size) {
    boolean valid =
        isSegmentName(fileName)
            && Long.parseLong(fileName, 0, 8, 16) > 0
            && Long.parseLong(fileName, 16, 24, 16) < size.perLogFile();
    return valid ? Optional.of(parse(fileName, size)) : Optional.empty();
  }

  public static boolean isSegmentName(String fileName) {
    return NAME.matcher(fileName).matches();
  }

  /// For example `0000000100000016000000B3`.
  public String fileName() {
    return timeline.toHex()
        + HEX.toHexDigits((int) (start.value() >>> 32))
        + HEX.toHexDigits((int) ((start.value() & 0xFFFF_FFFFL) / size.bytes()));
  }

  /// The first position after this segment.
  public Lsn end() {
    return start.plus(size.bytes());
  }

  public WalSegment next() {
    return new WalSegment(timeline, end(), size);
  }

  public WalSegment previous() {
    return new WalSegment(timeline, start.plus(-(long) size.bytes()), size);
  }

  public WalSegment on(Timeline other) {
    return new WalSegment(other, start, size);
  }

  @Override
  public int compareTo(WalSegment other) {
    int byStart = start.compareTo(other.start);
    return byStart != 0 ? byStart : timeline.compareTo(other.timeline);
  }

  @Override
  public String toString() {
    return fileName();
  }
}
