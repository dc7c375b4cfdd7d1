package io.pgbackup.restore;

import io.pgbackup.engine.WalEngine;
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
record ArchivedEnd(RestorePlan plan, WalEngine engine) {
  /// @param end first position that was not replayed
  /// @return what is missing, in words; empty if nothing is
  Optional<String> missing(Lsn end) throws IOException {
    if (plan.wal().isEmpty()) {
      return Optional.empty();
    }
    WalSegment last = plan.wal().last();
    if (!end.isBefore(last.end())) {
      return Optional.empty();
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
    List<TransactionEnd> lost =
        scan.transactionEnds().stream().filter(found -> !found.start().isBefore(end)).toList();
    return lost.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "recovery ended at %s, and WAL segment %s holds %d transactions behind it"
                .formatted(end, last.fileName(), lost.size()));
  }
}
