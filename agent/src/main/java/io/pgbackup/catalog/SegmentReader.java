package io.pgbackup.catalog;

import io.pgbackup.postgres.WalSegment;
import java.util.List;

/// Tells which transactions ended in a segment of an archive.
@FunctionalInterface
interface SegmentReader {
  /// @param following the segments behind it in the same run, in which its last record may end
  SegmentEnds read(WalSegment segment, List<WalSegment> following);
}
