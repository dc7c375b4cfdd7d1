package io.pgbackup.testing;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/// Writes WAL as PostgreSQL 18 does, without a server: pages, headers, records, switches and
/// promotions, so that a test decides what an archive holds. Not thread-safe.
public final class SyntheticWal {
  public static final SystemIdentifier SYSTEM = SystemIdentifier.parse("7710442175026949048");
  public static final int MAJOR = 18;

  private static final int MAGIC = 0xD118;
  private static final int PAGE = 8192;
  private static final int CONTINUES_RECORD = 1;
  private static final int LONG_HEADER = 2;

  private final SystemIdentifier system;
  private final WalSegmentSize size;
  private final Timeline timeline;
  private final TreeMap<Lsn, byte[]> segments = new TreeMap<>();
  private Lsn position;
  private Lsn previous = Lsn.ZERO;

  private SyntheticWal(
      SystemIdentifier system, WalSegmentSize size, Timeline timeline, Lsn position) {
    this.system = system;
    this.size = size;
    this.timeline = timeline;
    this.position = position;
  }

  /// A new cluster's, on timeline 1, beginning with its second segment as after initdb.
  public static SyntheticWal create(WalSegmentSize size) {
    return create(SYSTEM, size);
  }

  public static SyntheticWal create(SystemIdentifier system, WalSegmentSize size) {
    return new SyntheticWal(system, size, Timeline.FIRST, new Lsn(size.bytes()));
  }

  /// A server's that wrote much already.
  public static SyntheticWal at(WalSegment segment) {
    return new SyntheticWal(SYSTEM, segment.size(), segment.timeline(), segment.start());
  }

  /// A promotion here: the unfinished segment is copied and goes on as the new timeline's first.
  public SyntheticWal promote(Timeline newTimeline) {
    SyntheticWal promoted = new SyntheticWal(system, size, newTimeline, position);
    promoted.previous = previous;
    byte[] unfinished = segments.get(current().start());
    if (unfinished != null) {
      promoted.segments.put(current().start(), unfinished.clone());
    }
    return promoted;
  }

  public Timeline timeline() {
    return timeline;
  }

  /// Where the next record, or the header of its page, will begin.
  public Lsn position() {
    return position;
  }

  /// Where the last record begins.
  public Lsn lastRecord() {
    return previous;
  }

  /// The segment being written.
  public WalSegment current() {
    return WalSegment.containing(timeline, position, size);
  }

  /// @return the position behind the record
  public Lsn commit(Instant time) {
    return append(1, 0x00, transactionEnd(time));
  }

  /// @return the position behind the record
  public Lsn abort(Instant time) {
    return append(1, 0x20, transactionEnd(time));
  }

  /// CREATE TABLESPACE.
  ///
  /// @return the position behind the record
  public Lsn tablespace(int oid, String location) {
    byte[] path = location.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(2 + 4 + path.length + 1).order(ByteOrder.LITTLE_ENDIAN);
    data.put((byte) 255).put((byte) (4 + path.length + 1)).putInt(oid).put(path).put((byte) 0);
    return append(5, 0, data.array());
  }

  /// Some other record.
  ///
  /// @param bytes of its data
  public Lsn other(int bytes) {
    ByteBuffer data = ByteBuffer.allocate(5 + bytes).order(ByteOrder.LITTLE_ENDIAN);
    data.put((byte) 254).putInt(bytes);
    return append(10, 0, data.array());
  }

  /// Fills the segment, so that the next record begins so close to its end that it goes on in the
  /// next one.
  public void fillToTheBrim() {
    if (current().end().minus(position) < PAGE) {
      switchSegment();
    }
    fillUpTo(current().end().plus(-PAGE - 200));
    if (position.isBefore(current().end().plus(-PAGE))) {
      other(PAGE / 2);
    }
    Lsn brim = current().end().plus(-16);
    other((int) brim.minus(position) - 24 - 5);
  }

  private void fillUpTo(Lsn limit) {
    while (position.isBefore(limit)) {
      other((int) Math.min(limit.minus(position) * 3 / 4, 100_000));
    }
  }

  /// Ends the segment early, as `pg_switch_wal()` does.
  ///
  /// @return the position behind the switch record
  public Lsn switchSegment() {
    Lsn end = append(0, 0x40, new byte[0]);
    if (position.minus(current().start()) != 0) {
      position = current().end();
    }
    return end;
  }

  private static byte[] transactionEnd(Instant time) {
    long micros = ChronoUnit.MICROS.between(Instant.parse("2000-01-01T00:00:00Z"), time);
    ByteBuffer data = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
    return data.put((byte) 255).put((byte) 8).putLong(micros).array();
  }

  private Lsn append(int resourceManager, int info, byte[] data) {
    ByteBuffer record = ByteBuffer.allocate(24 + data.length).order(ByteOrder.LITTLE_ENDIAN);
    record.putInt(record.capacity()).putInt(700).putLong(previous.value());
    record.put((byte) info).put((byte) resourceManager).putShort((short) 0);
    CRC32C crc = new CRC32C();
    crc.update(data);
    crc.update(record.array(), 0, 20);
    record.putInt((int) crc.getValue()).put(data).flip();
    boolean begun = false;
    while (record.hasRemaining()) {
      if (offset(PAGE) == 0) {
        beginPage(begun ? record.remaining() : 0);
      }
      if (!begun) {
        previous = position;
        begun = true;
      }
      int count = Math.min(record.remaining(), PAGE - offset(PAGE));
      record.get(buffer(), offset(size.bytes()), count);
      position = position.plus(count);
    }
    position = position.plus(-position.value() & 7);
    return position;
  }

  private void beginPage(int remainingLength) {
    boolean first = offset(size.bytes()) == 0;
    ByteBuffer header = ByteBuffer.allocate(first ? 40 : 24).order(ByteOrder.LITTLE_ENDIAN);
    int info = (remainingLength > 0 ? CONTINUES_RECORD : 0) | (first ? LONG_HEADER : 0);
    header.putShort((short) MAGIC).putShort((short) info);
    header.putInt((int) timeline.id()).putLong(position.value()).putInt(remainingLength).putInt(0);
    if (first) {
      header.putLong(system.value()).putInt(size.bytes()).putInt(PAGE);
    }
    header.flip().get(buffer(), offset(size.bytes()), header.limit());
    position = position.plus(header.limit());
  }

  private int offset(int unit) {
    return (int) (position.value() & (unit - 1));
  }

  private byte[] buffer() {
    return segments.computeIfAbsent(current().start(), _ -> new byte[size.bytes()]);
  }

  /// Those that are complete and would be archived, oldest first.
  public List<WalSegment> finished() {
    List<WalSegment> finished = new ArrayList<>();
    for (Lsn start : segments.headMap(current().start()).keySet()) {
      finished.add(new WalSegment(timeline, start, size));
    }
    return finished;
  }

  /// The segment's bytes as they are now.
  public byte[] content(WalSegment segment) {
    byte[] content = segments.get(segment.start());
    if (content == null) {
      throw new IllegalArgumentException("nothing was written to " + segment);
    }
    return content.clone();
  }
}
