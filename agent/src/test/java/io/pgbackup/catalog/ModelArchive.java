package io.pgbackup.catalog;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.TimelineHistory.Ancestor;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SyntheticWal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A cluster's life as a test decides it, the archive it leaves, and what recovery would make of
/// it: worked out from the events themselves, record by record, not from the bytes.
final class ModelArchive {
  static final StoreFolder PREFIX = StoreFolder.of("model");
  static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);

  private record End(Lsn start, Lsn end, Instant time) {}

  private record Backup(
      BackupName name, Lsn start, Lsn finish, Instant finishTime, Optional<DeltaOrigin> delta) {
    DeltaOrigin asParent() {
      return new DeltaOrigin(
          start,
          name,
          delta.map(DeltaOrigin::full).orElse(name),
          delta.map(DeltaOrigin::count).orElse(0) + 1);
    }
  }

  private final Random random;
  private final Duration jitter;
  private final MemoryObjectStore store = new MemoryObjectStore();
  private final ArchiveLayout layout = new ArchiveLayout(PREFIX);
  private final List<End> ends = new ArrayList<>();
  private final List<Backup> backups = new ArrayList<>();
  private final Set<WalSegment> archived = new HashSet<>();
  private final Set<WalSegment> lost = new HashSet<>();
  private final List<Ancestor> ancestors = new ArrayList<>();
  private final Set<Instant> moments = new HashSet<>();
  private SyntheticWal wal = SyntheticWal.create(SIZE);
  private Optional<SyntheticWal> left = Optional.empty();
  private Instant now = Instant.parse("2026-08-20T12:00:00Z");

  /// @param jitter how far a transaction's time may lie before the moment its record is written
  ModelArchive(Random random, Duration jitter) {
    this.random = random;
    this.jitter = jitter;
  }

  MemoryObjectStore store() {
    return store;
  }

  void live(int events) {
    for (int i = 0; i < events; i++) {
      advance();
      int dice = random.nextInt(100);
      if (dice < 45) {
        transaction();
      } else if (dice < 70) {
        wal.other(random.nextInt(400_000));
      } else if (dice < 76) {
        wal.switchSegment();
      } else if (dice < 79) {
        wal.fillToTheBrim();
        transaction();
        wal.switchSegment();
      } else if (dice < 87) {
        backup();
      } else if (dice < 91) {
        promote();
      } else if (dice < 95) {
        lose();
      } else {
        left.ifPresent(this::goOn);
      }
      archive(wal);
    }
  }

  private void advance() {
    now = now.plusNanos(1000L * (1 + random.nextInt(5_000_000)));
  }

  private void transaction() {
    Instant time = now.minusNanos(1000L * random.nextInt(1 + (int) (jitter.toNanos() / 1000)));
    Lsn end = random.nextInt(8) == 0 ? wal.abort(time) : wal.commit(time);
    ends.add(new End(wal.lastRecord(), end, time));
    moments.add(time);
  }

  private void backup() {
    switchIfBegun(wal);
    Instant startTime = now;
    wal.other(100);
    Lsn start = wal.lastRecord();
    for (int i = random.nextInt(3); i > 0; i--) {
      advance();
      transaction();
    }
    Lsn finish = wal.other(40);
    advance();
    BackupName name = BackupName.full(WalSegment.containing(wal.timeline(), start, SIZE));
    int dice = random.nextInt(15);
    if (dice == 0) {
      BackupName gone = new BackupName("base_0000000100000000000000FF");
      write(named(name, gone), start, finish, startTime, origin(start, gone));
    } else if (dice == 1 && !backups.isEmpty()) {
      BackupName parent = backups.getLast().name();
      write(named(name, parent), start, finish, startTime, origin(start, parent));
    } else {
      Optional<DeltaOrigin> delta =
          dice < 7 && !backups.isEmpty()
              ? Optional.of(backups.getLast().asParent())
              : Optional.empty();
      BackupName own = delta.map(DeltaOrigin::parent).map(p -> named(name, p)).orElse(name);
      write(own, start, finish, startTime, delta);
      backups.add(new Backup(own, start, finish, now, delta));
    }
    moments.add(now);
    wal.switchSegment();
  }

  private static BackupName named(BackupName own, BackupName parent) {
    return new BackupName(own + "_D_" + parent.startSegment());
  }

  /// Of a delta that was not made on what is there under its parent's name.
  private static Optional<DeltaOrigin> origin(Lsn lsn, BackupName parent) {
    return Optional.of(new DeltaOrigin(lsn, parent, parent, 1));
  }

  private void write(
      BackupName name, Lsn start, Lsn finish, Instant startTime, Optional<DeltaOrigin> delta) {
    Sentinel sentinel =
        new Sentinel(
            Optional.of(start),
            delta,
            Optional.of(new ServerVersion(180006)),
            Optional.of(finish),
            Optional.of(SyntheticWal.SYSTEM),
            1,
            1,
            1,
            Optional.empty(),
            Optional.empty(),
            false,
            Optional.of(startTime),
            Optional.of(now),
            "host",
            "/data",
            false,
            Optional.empty(),
            Optional.empty());
    store.create(layout.sentinel(name), sentinel.toJson(), Map.of());
  }

  private void promote() {
    Timeline next = new Timeline(wal.timeline().id() + 1);
    ancestors.add(new Ancestor(wal.timeline(), wal.position()));
    left = Optional.of(wal);
    wal = wal.promote(next);
    StringBuilder history = new StringBuilder();
    ancestors.forEach(
        ancestor ->
            history.append("%s\t%s\tpromoted\n".formatted(ancestor.timeline(), ancestor.end())));
    store.create(
        layout.wal().key(next.toHex() + ".history.lz4"),
        Codec.LZ4.compress(history.toString().getBytes(US_ASCII)),
        Map.of());
  }

  /// A base backup, a promotion that is not followed, and another base backup behind it.
  void splitAndBackUpTheOld() {
    backup();
    advance();
    transaction();
    archive(wal);
    promote();
    SyntheticWal old = left.orElseThrow();
    advance();
    goOn(old);
    advance();
    old.commit(now);
    switchIfBegun(old);
    archive(old);
  }

  /// The old primary did not notice: what it writes, and backs up, is on no path.
  private void goOn(SyntheticWal old) {
    switchIfBegun(old);
    old.other(100);
    Lsn start = old.lastRecord();
    old.commit(now);
    Lsn finish = old.other(random.nextInt(400_000));
    BackupName name = BackupName.full(WalSegment.containing(old.timeline(), start, SIZE));
    write(name, start, finish, now, Optional.empty());
    switchIfBegun(old);
    archive(old);
  }

  private static void switchIfBegun(SyntheticWal wal) {
    if (!wal.position().equals(wal.current().start())) {
      wal.switchSegment();
    }
  }

  private void archive(SyntheticWal source) {
    for (WalSegment segment : source.finished()) {
      if (!lost.contains(segment) && archived.add(segment)) {
        store.create(layout.wal().key(segment.fileName()), source.content(segment), Map.of());
      }
    }
  }

  /// As retention does, and any tool that deletes the oldest WAL: all below a position that lies
  /// somewhere in what is there.
  Set<ObjectKey> expire() {
    List<WalSegment> there = archived.stream().sorted().toList();
    if (there.isEmpty()) {
      return Set.of();
    }
    Lsn floor = there.get(random.nextInt(there.size())).start();
    Set<WalSegment> old =
        there.stream()
            .filter(segment -> segment.start().isBefore(floor))
            .collect(Collectors.toSet());
    archived.removeAll(old);
    lost.addAll(old);
    return old.stream()
        .map(segment -> layout.wal().key(segment.fileName()))
        .collect(Collectors.toSet());
  }

  private void lose() {
    List<WalSegment> there = archived.stream().sorted().toList();
    if (!there.isEmpty()) {
      WalSegment segment = there.get(random.nextInt(there.size()));
      store.delete(List.of(layout.wal().key(segment.fileName())));
      archived.remove(segment);
      lost.add(segment);
    }
  }

  /// Every moment at which an answer may change, and those around it.
  Stream<Instant> moments() {
    return moments.stream()
        .flatMap(moment -> Stream.of(moment.minusNanos(1000), moment, moment.plusNanos(1000)))
        .sorted()
        .distinct();
  }

  boolean isRestorable(Instant instant) {
    return backups.stream()
        .filter(backup -> !backup.finishTime().isAfter(instant))
        .anyMatch(backup -> recovers(backup, instant));
  }

  boolean recovers(BackupName name, Instant instant) {
    return backups.stream()
        .anyMatch(backup -> backup.name().equals(name) && recovers(backup, instant));
  }

  /// Replays from the backup: recovery ends well if it meets a later transaction's end before WAL
  /// runs out, and not before the backup is consistent.
  private boolean recovers(Backup backup, Instant instant) {
    TimelineHistory path = new TimelineHistory(wal.timeline(), ancestors);
    Lsn readable = WalSegment.containing(wal.timeline(), backup.start(), SIZE).start();
    for (End end : ends) {
      if (end.start().isBefore(backup.start())) {
        continue;
      }
      while (readable.isBefore(end.end())) {
        Lsn last = readable.plus(SIZE.bytes() - 1);
        if (!archived.contains(new WalSegment(path.at(last), readable, SIZE))) {
          return false;
        }
        readable = readable.plus(SIZE.bytes());
      }
      if (end.time().isAfter(instant)) {
        return !end.start().isBefore(backup.finish());
      }
    }
    return false;
  }
}
