package io.pgbackup.postgres.wal;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads WAL segments as recovery does (xlogreader.c) and reports the records that end a
/// transaction, and those that make a tablespace. Consecutive segments given to one reader are one
/// stream: a record that spans them is found. A reader that begins with any segment passes over the
/// rest of a record that began before it.
///
/// Foreign bytes never make it fail: whatever is no valid WAL ends what was found. Memory is one
/// page, whatever the segment's size. Not thread-safe.
public final class WalReader {
  private static final int ALIGNMENT = 8;

  private final List<TransactionEnd> found = new ArrayList<>();
  private final List<NewTablespace> tablespaces = new ArrayList<>();
  private @Nullable Lsn expected;
  private @Nullable WalRecord open;
  private @Nullable Lsn previousRecord;
  private @Nullable Timeline pageTimeline;
  private long toPassOver;

  /// Reads a whole segment.
  ///
  /// @param content the segment's plaintext; not closed
  /// @throws IOException where the stream fails
  public WalScan read(WalSegment segment, InputStream content) throws IOException {
    return scan(segment, content, false);
  }

  /// Reads only what is left of a record that the segment before left open. It may go on into yet
  /// another segment; where it ends, this stream of segments does too.
  ///
  /// @param content as for [#read]
  /// @throws IOException where the stream fails
  public WalScan readContinuation(WalSegment segment, InputStream content) throws IOException {
    return scan(segment, content, true);
  }

  private WalScan scan(WalSegment segment, InputStream content, boolean continuationOnly)
      throws IOException {
    found.clear();
    tablespaces.clear();
    boolean inSequence = segment.start().equals(expected);
    if (!inSequence) {
      forget();
    }
    Optional<Lsn> broken = readPages(segment, content, !inSequence, continuationOnly);
    WalScan scan =
        new WalScan(
            List.copyOf(found),
            broken.orElse(segment.end()),
            broken.isEmpty(),
            open != null && open.mayEndTransaction(),
            List.copyOf(tablespaces),
            open != null && open.mayMakeTablespace());
    if (broken.isPresent() || (continuationOnly && open == null)) {
      forget();
    } else {
      expected = segment.end();
    }
    return scan;
  }

  private void forget() {
    expected = null;
    open = null;
    previousRecord = null;
    pageTimeline = null;
    toPassOver = 0;
  }

  /// @return where valid WAL ends, or nothing if it goes on into the next segment
  private Optional<Lsn> readPages(
      WalSegment segment, InputStream content, boolean first, boolean continuationOnly)
      throws IOException {
    byte[] beginning = content.readNBytes(SegmentHeader.LENGTH);
    Optional<SegmentHeader> header =
        SegmentHeader.parse(beginning).filter(h -> h.segmentSize().equals(segment.size()));
    if (header.isEmpty()) {
      return Optional.of(segment.start());
    }
    byte[] page = new byte[header.get().pageSize()];
    System.arraycopy(beginning, 0, page, 0, beginning.length);
    int have = beginning.length;
    boolean mayBeginInRecord = first;
    for (Lsn address = segment.start();
        address.isBefore(segment.end());
        address = address.plus(page.length)) {
      if (content.readNBytes(page, have, page.length - have) < page.length - have) {
        return Optional.of(address);
      }
      Outcome outcome = readPage(segment, address, page, mayBeginInRecord, continuationOnly);
      switch (outcome) {
        case Outcome.NextPage _ -> {}
        case Outcome.SegmentDone _ -> {
          return Optional.empty();
        }
        case Outcome.Broken broken -> {
          return Optional.of(broken.at());
        }
      }
      have = 0;
      mayBeginInRecord = false;
    }
    return Optional.empty();
  }

  private sealed interface Outcome {
    record NextPage() implements Outcome {}

    /// A switch record: the rest of the segment is padding. Or enough was read.
    record SegmentDone() implements Outcome {}

    record Broken(Lsn at) implements Outcome {}
  }

  private Outcome readPage(
      WalSegment segment,
      Lsn address,
      byte[] page,
      boolean mayBeginInRecord,
      boolean continuationOnly) {
    Optional<WalPageHeader> parsed =
        WalPageHeader.parse(page).filter(h -> belongs(h, segment, address));
    if (parsed.isEmpty()) {
      return new Outcome.Broken(address);
    }
    WalPageHeader header = parsed.get();
    pageTimeline = header.timeline();
    if (header.overwritesRecord()) {
      open = null;
      previousRecord = null;
      toPassOver = 0;
    } else if (mayBeginInRecord && header.continuesRecord()) {
      toPassOver = header.remainingLength();
    }
    if (!goesOn(header)) {
      return new Outcome.Broken(address);
    }
    return readRecords(address, page, header.size(), continuationOnly);
  }

  private boolean belongs(WalPageHeader header, WalSegment segment, Lsn address) {
    boolean firstPage = address.equals(segment.start());
    return header.address().equals(address)
        && header.segmentStart().isPresent() == firstPage
        && header.timeline().compareTo(segment.timeline()) <= 0
        && (pageTimeline == null || header.timeline().compareTo(pageTimeline) >= 0);
  }

  /// Whether the page carries on the record that is open, and no other.
  private boolean goesOn(WalPageHeader header) {
    long awaited = open != null ? open.remaining() : toPassOver;
    return header.continuesRecord()
        ? awaited > 0 && header.remainingLength() == awaited
        : awaited == 0;
  }

  private Outcome readRecords(Lsn address, byte[] page, int headerSize, boolean continuationOnly) {
    int at = headerSize;
    if (toPassOver > 0) {
      int count = (int) Math.min(toPassOver, page.length - at);
      toPassOver -= count;
      at = aligned(at + count);
    }
    while (at < page.length) {
      WalRecord record = open;
      if (record == null) {
        if (continuationOnly) {
          return new Outcome.SegmentDone();
        }
        long length = unsignedInt(page, at);
        if (length < WalRecord.HEADER || length > WalRecord.MAX_LENGTH) {
          return new Outcome.Broken(address.plus(at));
        }
        record = new WalRecord(address.plus(at), length);
      }
      int count = (int) Math.min(record.remaining(), page.length - at);
      record.append(page, at, count);
      at = aligned(at + count);
      open = record;
      if (record.remaining() == 0) {
        open = null;
        if (!accept(record, address.plus(at))) {
          return new Outcome.Broken(record.start());
        }
        if (record.isSwitch()) {
          return new Outcome.SegmentDone();
        }
      }
    }
    return continuationOnly && open == null ? new Outcome.SegmentDone() : new Outcome.NextPage();
  }

  private boolean accept(WalRecord record, Lsn end) {
    boolean inOrder =
        previousRecord == null
            ? record.previous().isBefore(record.start())
            : record.previous().equals(previousRecord);
    if (!record.checksumHolds() || !inOrder) {
      return false;
    }
    previousRecord = record.start();
    record
        .transactionEnd()
        .ifPresent(time -> found.add(new TransactionEnd(record.start(), end, time)));
    record.newTablespace().ifPresent(tablespaces::add);
    return true;
  }

  private static long unsignedInt(byte[] page, int at) {
    return Integer.toUnsignedLong(
        (page[at] & 0xFF)
            | (page[at + 1] & 0xFF) << 8
            | (page[at + 2] & 0xFF) << 16
            | (page[at + 3] & 0xFF) << 24);
  }

  private static int aligned(int offset) {
    return (offset + ALIGNMENT - 1) & -ALIGNMENT;
  }
}
