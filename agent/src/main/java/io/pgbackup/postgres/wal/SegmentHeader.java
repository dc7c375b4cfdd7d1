package io.pgbackup.postgres.wal;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegmentSize;
import java.util.Optional;

/// What the first page of a segment says of it.
///
/// @param timeline of the first page: for the first segment of a new timeline, whose beginning was
///   copied, the one it left
/// @param pageSize bytes, 8192 unless built otherwise
public record SegmentHeader(
    int majorVersion,
    Timeline timeline,
    Lsn start,
    SystemIdentifier systemIdentifier,
    WalSegmentSize segmentSize,
    int pageSize) {
  /// Bytes that [#parse] needs.
  public static final int LENGTH = WalPageHeader.LONG_SIZE;

  private static final int LEAST_PAGE = 1 << 10;
  private static final int GREATEST_PAGE = 1 << 16;

  /// @param content the segment, or its first bytes
  /// @return nothing if no segment of a supported version begins so
  public static Optional<SegmentHeader> parse(byte[] content) {
    return content.length < LENGTH
        ? Optional.empty()
        : WalPageHeader.parse(content).flatMap(SegmentHeader::of);
  }

  static Optional<SegmentHeader> of(WalPageHeader page) {
    return page.segmentStart()
        .filter(start -> isPageSize(start.pageSize()) && isSegmentSize(start.segmentSize()))
        .map(
            start ->
                new SegmentHeader(
                    page.majorVersion(),
                    page.timeline(),
                    page.address(),
                    start.systemIdentifier(),
                    new WalSegmentSize((int) start.segmentSize()),
                    (int) start.pageSize()));
  }

  private static boolean isPageSize(long bytes) {
    return Long.bitCount(bytes) == 1 && bytes >= LEAST_PAGE && bytes <= GREATEST_PAGE;
  }

  private static boolean isSegmentSize(long bytes) {
    return Long.bitCount(bytes) == 1 && bytes >= 1 << 20 && bytes <= 1 << 30;
  }
}
