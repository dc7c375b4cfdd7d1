package io.pgbackup.verify;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.wal.SegmentHeader;
import io.pgbackup.postgres.wal.WalReader;
import io.pgbackup.postgres.wal.WalScan;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.verify.WalObjects.WalObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;

/// Reads segments as recovery does: decoded, whole, of this cluster, each page and record where it
/// belongs. Some 64 MiB are read ahead.
///
/// @param major PostgreSQL's version that wrote them
/// @param begins where base backups begin: what is missing up to there is no fault, since retention
///   keeps no WAL behind the points it keeps, and archiving may have been off
record WalInspection(
    ObjectStore store,
    ObjectCipher cipher,
    WalObjects objects,
    Optional<SystemIdentifier> system,
    int major,
    Set<Lsn> begins,
    ReadingThreads threads) {
  private static final long AHEAD_BYTES = 64L << 20;
  private static final int MOST_AHEAD = 4;
  private static final String NEXT =
      "Recovery cannot go on behind it: take a base backup now, so that later instants do not need"
          + " it; where the bucket keeps versions, look for the object as it was (--as-of).";

  /// @param faults what is wrong
  /// @param notes what is missing and need not be there
  record Found(List<Fault> faults, List<String> notes) {}

  /// @param wanted in the order of recovery
  Found read(Collection<WalSegment> wanted) {
    List<Fault> faults = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    for (List<WalSegment> run :
        WantedWal.runs(wanted.stream().filter(segment -> !objects.has(segment)).toList())) {
      if (begins.contains(run.getLast().end())) {
        notes.add(names(run) + " not there; a base backup begins behind");
      } else {
        faults.add(new Fault(span(run), missing(run), NEXT));
      }
    }
    Iterator<WalSegment> next = wanted.stream().filter(objects::has).iterator();
    ArrayDeque<Loading> ahead = new ArrayDeque<>();
    WalReader reader = new WalReader();
    Optional<WalSegment> last = Optional.empty();
    do {
      while (next.hasNext() && ahead.size() < ahead()) {
        ahead.add(load(next.next()));
      }
      if (!ahead.isEmpty()) {
        Loading loading = ahead.removeFirst();
        WalSegment segment = loading.segment();
        if (last.filter(it -> it.timeline().compareTo(segment.timeline()) > 0).isPresent()) {
          reader = new WalReader();
        }
        faults.addAll(inspect(loading, reader));
        last = Optional.of(segment);
      }
    } while (!ahead.isEmpty() || next.hasNext());
    return new Found(faults, notes);
  }

  private int ahead() {
    return Math.clamp(AHEAD_BYTES / objects.size().bytes(), 1, MOST_AHEAD);
  }

  private static String span(List<WalSegment> run) {
    String first = run.getFirst().fileName();
    return run.size() == 1 ? first : first + " to " + run.getLast().fileName();
  }

  private static String names(List<WalSegment> run) {
    return "WAL " + span(run) + (run.size() == 1 ? " is" : " are");
  }

  private static String missing(List<WalSegment> run) {
    return run.size() == 1 ? "is missing" : run.size() + " segments are missing";
  }

  /// A segment, and under each of the names it lies there the bytes that come.
  private record Loading(WalSegment segment, List<Future<Content>> contents) {}

  private sealed interface Content {
    /// Not a record, since it holds an array.
    final class Bytes implements Content {
      private final byte[] bytes;

      Bytes(byte[] bytes) {
        this.bytes = bytes;
      }
    }

    record Unreadable(Fault fault) implements Content {}
  }

  private Loading load(WalSegment segment) {
    return new Loading(
        segment,
        objects.of(segment).stream().map(object -> threads.begin(() -> fetch(object))).toList());
  }

  private Content fetch(WalObject object) {
    try {
      return new Content.Bytes(Attempts.of(() -> content(object)));
    } catch (PgBackupException e) {
      return new Content.Unreadable(Attempts.fault(object.key(), e));
    }
  }

  private byte[] content(WalObject object) {
    if (object.codec().isEmpty()) {
      throw Problem.verificationFailed(
              object.key() + " is compressed with lzo, which pgbackup does not read",
              "Fetch it with a WAL-G that was built with lzo.")
          .asException();
    }
    var packing = new Packing(object.codec().get(), cipher);
    try (InputStream stored = store.open(object.key())) {
      return packing.unpack(
          stored,
          object.key().value(),
          objects.size().bytes(),
          objects.size().bytes(),
          byte[]::new,
          Packing.writtenWith(store, object.key()));
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "reading " + object.key() + " broke off: " + e.getMessage(), "Try again.")
          .causedBy(e);
    }
  }

  /// Where a segment lies there twice, WAL-G takes any of them, so each must hold the same.
  private List<Fault> inspect(Loading loading, WalReader reader) {
    List<Fault> faults = new ArrayList<>();
    List<WalObject> standing = objects.of(loading.segment());
    Optional<byte[]> first = Optional.empty();
    for (int i = 0; i < standing.size(); i++) {
      String key = standing.get(i).key().value();
      switch (ReadingThreads.result(loading.contents().get(i))) {
        case Content.Unreadable unreadable -> faults.add(unreadable.fault());
        case Content.Bytes content -> {
          if (first.isEmpty()) {
            first = Optional.of(content.bytes);
            fault(loading.segment(), content.bytes, reader)
                .ifPresent(reason -> faults.add(new Fault(key, reason, NEXT)));
          } else if (!Arrays.equals(first.get(), content.bytes)) {
            faults.add(
                new Fault(
                    key,
                    "holds other bytes than " + standing.getFirst().key().name(),
                    "Find out which of them is the server's, and who wrote the other."));
          }
        }
      }
    }
    return faults;
  }

  private Optional<String> fault(WalSegment segment, byte[] content, WalReader reader) {
    int size = segment.size().bytes();
    if (content.length != size) {
      return Optional.of(
          "holds %d bytes instead of a segment's %d".formatted(content.length, size));
    }
    Optional<SegmentHeader> header = SegmentHeader.parse(content);
    if (header.isEmpty()) {
      return Optional.of("does not begin like a WAL segment");
    }
    return wrongHeader(segment, header.get())
        .or(
            () ->
                Optional.of(scan(segment, content, reader))
                    .filter(scan -> !scan.whole())
                    .map(scan -> "holds no valid WAL behind " + scan.validEnd()));
  }

  private Optional<String> wrongHeader(WalSegment segment, SegmentHeader header) {
    if (header.majorVersion() != major) {
      return Optional.of(
          "was written by PostgreSQL %d, and the backup by %d"
              .formatted(header.majorVersion(), major));
    }
    if (system.filter(expected -> !expected.equals(header.systemIdentifier())).isPresent()) {
      return Optional.of(
          "is of system identifier %s instead of %s"
              .formatted(header.systemIdentifier(), system.get()));
    }
    if (!header.start().equals(segment.start())
        || !header.segmentSize().equals(segment.size())
        || header.timeline().compareTo(segment.timeline()) > 0) {
      return Optional.of(
          "holds the WAL of timeline %s at %s, in segments of %d bytes"
              .formatted(header.timeline(), header.start(), header.segmentSize().bytes()));
    }
    return Optional.empty();
  }

  private static WalScan scan(WalSegment segment, byte[] content, WalReader reader) {
    try {
      return reader.read(segment, new ByteArrayInputStream(content));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
