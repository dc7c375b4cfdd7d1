package io.pgbackup.lineage;

import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.wal.WalReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.function.Function;

/// Proves that a segment fills a hole of an archive: each record names the one before it, so the
/// segment must read on from the one before the hole, and the one behind it from the segment.
final class WalNeighbours {
  private final Function<WalFileName, Optional<byte[]>> archive;

  WalNeighbours(Function<WalFileName, Optional<byte[]>> archive) {
    this.archive = archive;
  }

  /// @return whether the archive has a neighbour, and the segment fits to each that it has
  boolean fit(WalSegment segment, byte[] content) {
    Optional<byte[]> before = archive.apply(name(segment.previous()));
    Optional<byte[]> after = archive.apply(name(segment.next()));
    if (before.isEmpty() && after.isEmpty()) {
      return false;
    }
    WalReader reader = new WalReader();
    return before.map(bytes -> reads(reader, segment.previous(), bytes)).orElse(true)
        && reads(reader, segment, content)
        && after.map(bytes -> reads(reader, segment.next(), bytes)).orElse(true);
  }

  private static boolean reads(WalReader reader, WalSegment segment, byte[] content) {
    try {
      return reader.read(segment, new ByteArrayInputStream(content)).whole();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static WalFileName name(WalSegment segment) {
    return new WalFileName.Segment(segment.fileName());
  }
}
