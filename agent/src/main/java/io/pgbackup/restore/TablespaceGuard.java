package io.pgbackup.restore;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.wal.NewTablespace;
import io.pgbackup.postgres.wal.TransactionEnd;
import io.pgbackup.postgres.wal.WalReader;
import io.pgbackup.postgres.wal.WalScan;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/// Looks through each segment before recovery gets it. To replay CREATE TABLESPACE is to write into
/// the directory that it names: on the source's own host into the files of a server that runs.
/// PostgreSQL knows no other place for it, so only a directory that is empty is let through.
///
/// @param dataDirectory that is recovered
record TablespaceGuard(WalEngine engine, RestorePlan plan, Path dataDirectory, ServerUser user)
    implements WalEngine {
  @Override
  public Pushed push(WalFileName name, byte[] content) {
    return engine.push(name, content);
  }

  /// @throws PgBackupException `Refused` if the segment makes a tablespace where something lies
  @Override
  public Optional<byte[]> fetch(WalFileName name) {
    return fetch(name, byte[]::new);
  }

  @Override
  public Optional<byte[]> fetch(WalFileName name, IntFunction<byte[]> memory) {
    Optional<byte[]> content = engine.fetch(name, memory);
    if (name instanceof WalFileName.Segment && content.isPresent()) {
      WalSegment segment = WalSegment.parse(name.text(), plan.segmentSize());
      newTablespaces(segment, content.get()).forEach(this::check);
    }
    return content;
  }

  private List<NewTablespace> newTablespaces(WalSegment segment, byte[] content) {
    WalReader reader = new WalReader();
    List<NewTablespace> found = new ArrayList<>();
    Lsn end = segment.end();
    try {
      WalScan scan = reader.read(segment, new ByteArrayInputStream(content));
      found.addAll(scan.newTablespaces());
      for (TransactionEnd transaction : scan.transactionEnds()) {
        if (isBehindTarget(transaction.time()) && transaction.start().isBefore(end)) {
          end = transaction.start();
        }
      }
      WalSegment next = segment.next();
      while (scan.openNewTablespace() && scan.whole()) {
        Optional<byte[]> more = engine.fetch(new WalFileName.Segment(next.fileName()));
        if (more.isEmpty()) {
          break;
        }
        scan = reader.readContinuation(next, new ByteArrayInputStream(more.get()));
        found.addAll(scan.newTablespaces());
        next = next.next();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Lsn replayedBefore = end;
    return found.stream()
        .filter(tablespace -> !tablespace.start().isBefore(plan.backup().startLsn()))
        .filter(tablespace -> tablespace.start().isBefore(replayedBefore))
        .filter(tablespace -> !tablespace.location().isEmpty())
        .toList();
  }

  private boolean isBehindTarget(Instant time) {
    return switch (plan.target()) {
      case RecoveryTarget.AtTime(Instant target) -> time.isAfter(target);
      case RecoveryTarget.Latest() -> false;
    };
  }

  private void check(NewTablespace tablespace) {
    Path location = Path.of(tablespace.location());
    if (isOurs(tablespace, location)) {
      return;
    }
    String what =
        "recovery comes to the creation of tablespace %s in %s"
            .formatted(tablespace.oid(), location);
    if (!Files.isDirectory(location)) {
      throw Problem.refused(
              what + ", which is not there",
              "Create that directory, empty and owned by %s. ".formatted(user)
                  + RestoreFailures.RESUME)
          .asException();
    }
    if (!new DataDirectory(location).entries("").isEmpty()) {
      throw Problem.refused(
              what + ", where the files of another server may lie",
              "Restore on a machine where that directory is empty, or from a base backup that was"
                  + " taken after the tablespace was made. "
                  + RestoreFailures.DISCARD)
          .asException();
    }
  }

  /// Replayed by an attempt that was cut off.
  private boolean isOurs(NewTablespace tablespace, Path location) {
    Path link = dataDirectory.resolve("pg_tblspc").resolve(tablespace.oid());
    try {
      return Files.isSymbolicLink(link) && Files.readSymbolicLink(link).equals(location);
    } catch (IOException _) {
      return false;
    }
  }
}
