package io.pgbackup.engine.tail;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalSegment;
import java.io.ByteArrayInputStream;
import java.io.InputStream;

/// The beginning of a segment that was put together from pieces.
///
/// Not to be changed by whoever reads it.
///
/// @param end first position that is not known
/// @param content as long as the segment; zeros from `end` on, which recovery takes for the end of
///   WAL
@SuppressWarnings("ArrayRecordComponent")
public record Tail(WalSegment segment, Lsn end, byte[] content) {
  public InputStream stream() {
    return new ByteArrayInputStream(content);
  }
}
