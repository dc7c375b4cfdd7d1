package io.pgbackup.restore;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.tail.Tail;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.wal.TransactionEnd;
import io.pgbackup.postgres.wal.WalReader;
import io.pgbackup.postgres.wal.WalScan;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Whether a recovery of everything archived has replayed it. PostgreSQL takes damaged WAL for the
/// end of WAL and succeeds, whatever lies behind the damage.
///
/// @param tail what recovery was given of the segment behind the last whole one
record ArchivedEnd(RestorePlan plan, WalEngine engine, Optional<Tail> tail) {
  /// Without anything behind the last whole segment.
  ArchivedEnd(RestorePlan plan, WalEngine engine) {
    this(plan, engine, Optional.empty());
  }

  /// @param end first position that was not replayed
  /// @return what is missing, in words; empty if nothing is
  Optional<String> missing(Lsn end) throws IOException {
    if (plan.wal().isEmpty()) {
      return missingOfTail(end);
    }
    WalSegment last = plan.wal().last();
    if (!end.isBefore(last.end())) {
      return missingOfTail(end);
    }
    WalSegment reached = WalSegment.containing(plan.path().at(end), end, plan.segmentSize());
    if (end.isBefore(last.start())) {
      return Optional.of(
          "recovery ended at %s in WAL segment %s, and the archive goes on to %s: that segment or the one behind it is damaged"
              .formatted(end, reached.fileName(), last.fileName()));
    }
    return missingOf(last, end);
  }

  /// What the last segment holds behind the end can only be the beginning of one record, which goes
  /// on in a segment that was not archived.
  private Optional<String> missingOf(WalSegment last, Lsn end) throws IOException {
    Optional<byte[]> content = engine.fetch(new WalFileName.Segment(last.fileName()));
    if (content.isEmpty()) {
      return Optional.of("WAL segment %s has vanished from the archive".formatted(last.fileName()));
    }
    WalScan scan = new WalReader().read(last, new ByteArrayInputStream(content.get()));
    if (!scan.whole()) {
      return Optional.of(
          "recovery ended at %s, and the last archived WAL segment %s is damaged at %s"
              .formatted(end, last.fileName(), scan.validEnd()));
    }
    List<TransactionEnd> lost = behind(scan, end);
    return lost.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "recovery ended at %s, and WAL segment %s holds %d transactions behind it"
                .formatted(end, last.fileName(), lost.size()));
  }

  private Optional<String> missingOfTail(Lsn end) throws IOException {
    if (tail.isEmpty()) {
      return Optional.empty();
    }
    Tail streamed = tail.get();
    List<TransactionEnd> lost =
        behind(new WalReader().read(streamed.segment(), streamed.stream()), end);
    return lost.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "recovery ended at %s, and %d transactions behind it were streamed of WAL segment %s"
                .formatted(end, lost.size(), streamed.segment().fileName()));
  }

  private static List<TransactionEnd> behind(WalScan scan, Lsn end) {
    return scan.transactionEnds().stream().filter(found -> !found.start().isBefore(end)).toList();
  }
}
