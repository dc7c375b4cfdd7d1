package io.pgbackup.lineage;

import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.wal.SegmentHeader;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;

/// Whether bytes are the segment that their name says, of the cluster that was claimed.
record SegmentCheck(Claim claim) {
  private static final int DIGITS = 24;

  /// @throws PgBackupException `Refused` if no segment of this lineage's size has that name
  WalSegment segment(WalFileName name) {
    String digits = name.text().substring(0, DIGITS);
    return WalSegment.tryParse(digits, claim.segmentSize())
        .orElseThrow(() -> refused(digits + " is no segment of this lineage's size", sizeHint()));
  }

  private String sizeHint() {
    return "This lineage was claimed with segments of %d bytes; another size is another cluster."
        .formatted(claim.segmentSize().bytes());
  }

  /// @throws PgBackupException `Refused` if the content is not that segment of the claimed cluster
  SegmentHeader check(WalSegment segment, byte[] content) {
    if (content.length != claim.segmentSize().bytes()) {
      throw refused(
          "%s has %d bytes instead of %d"
              .formatted(segment, content.length, claim.segmentSize().bytes()),
          sizeHint());
    }
    SegmentHeader header =
        SegmentHeader.parse(content)
            .orElseThrow(
                () ->
                    refused(
                        segment + " does not begin like a WAL segment",
                        "Look at the file in pg_wal: it is damaged, or of an unsupported version."));
    if (header.majorVersion() != claim.serverVersion().major()) {
      throw refused(
          "%s was written by PostgreSQL %d, and this lineage is of %d"
              .formatted(segment, header.majorVersion(), claim.serverVersion().major()),
          "A major upgrade begins a new lineage: start the agent anew beside the upgraded data.");
    }
    if (!header.systemIdentifier().equals(claim.systemIdentifier())) {
      throw refused(
          "%s is of system identifier %s, and this lineage is of %s"
              .formatted(segment, header.systemIdentifier(), claim.systemIdentifier()),
          "Another cluster's archive_command leads here; point it to an agent of its own.");
    }
    if (!header.start().equals(segment.start()) || !header.segmentSize().equals(segment.size())) {
      throw refused(
          "%s holds the WAL of %s in segments of %d bytes"
              .formatted(segment, header.start(), header.segmentSize().bytes()),
          "The file was renamed, or recycled before it was written; PostgreSQL does neither.");
    }
    return header;
  }

  private static PgBackupException refused(String message, String hint) {
    return Problem.refused(message, hint).asException();
  }
}
