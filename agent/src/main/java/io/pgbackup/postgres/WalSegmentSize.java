package io.pgbackup.postgres;

/// The size of WAL segment files, fixed by initdb: a power of two from 1 MiB to 1 GiB
/// (xlog_internal.h, `IsValidWalSegSize`).
public record WalSegmentSize(int bytes) {
  public static final WalSegmentSize DEFAULT = new WalSegmentSize(16 << 20);

  public WalSegmentSize {
    if (!isValid(bytes)) {
      throw new IllegalArgumentException(
          "a WAL segment has 1 MiB to 1 GiB, a power of two; got " + bytes + " bytes");
    }
  }

  public static boolean isValid(int bytes) {
    return Integer.bitCount(bytes) == 1 && bytes >= 1 << 20 && bytes <= 1 << 30;
  }

  /// Segments in one 4 GiB log file, the middle part of a segment's name.
  long perLogFile() {
    return 0x1_0000_0000L / bytes;
  }
}
