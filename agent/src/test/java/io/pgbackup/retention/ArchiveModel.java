package io.pgbackup.retention;

import io.pgbackup.catalog.ArchiveSurvey;
import io.pgbackup.catalog.ArchiveSurvey.UnreadableBackup;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Chains;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.MemoryObjectStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// A made-up archive that grows event by event, and says by itself, without anything of retention's
/// code, which instants can be restored from what is left of it.
///
/// A segment holds one commit, in its last quarter. Backups start in the first quarter of a segment
/// and finish at the half of one; timelines branch just behind the half.
final class ArchiveModel {
  static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  static final SystemIdentifier SYSTEM = SystemIdentifier.parse("7000000000000000001");
  static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  static final StoreFolder PREFIX = StoreFolder.of("pgbackup/default/orders/u/18");
  static final ArchiveLayout LAYOUT = new ArchiveLayout(PREFIX);
  private static final Claim CLAIM =
      new Claim(
          new ClusterId("default", "orders"),
          new LineageUid("u"),
          SYSTEM,
          new ServerVersion(180001),
          SIZE,
          Optional.empty(),
          BEGIN);

  final List<BaseBackup> backups = new ArrayList<>();
  final List<BaseBackup> withdrawn = new ArrayList<>();
  final List<UnreadableBackup> unreadable = new ArrayList<>();
  final Map<ObjectKey, StoredObject> objects = new HashMap<>();
  final Map<Timeline, TimelineHistory> paths = new HashMap<>();
  final Set<Timeline> doubts = new HashSet<>();
  private final Map<WalSegment, Instant> commits = new HashMap<>();
  private final Set<WalSegment> archived = new HashSet<>();
  private final Map<BackupName, Boolean> standing = new HashMap<>();
  private final Map<Instant, Instant> setBack = new HashMap<>();
  private WalSegment segment = WalSegment.containing(Timeline.FIRST, new Lsn(16L << 20), SIZE);
  private Instant now = BEGIN;

  Instant now() {
    return now;
  }

  /// The server's clock and ours; negative steps it back.
  ArchiveModel pass(Duration time) {
    Instant then = now.plus(time);
    if (then.isBefore(now)) {
      setBack.put(then, now);
    }
    now = then;
    return this;
  }

  /// Whether the clock was set back over this instant, so that it does not name one state.
  boolean passedTwice(Instant instant) {
    return setBack.entrySet().stream()
        .anyMatch(step -> !instant.isBefore(step.getKey()) && !instant.isAfter(step.getValue()));
  }

  WalSegment segment() {
    return segment;
  }

  /// Ends the segment with a commit and archives it.
  ArchiveModel write() {
    commits.put(segment, now);
    archived.add(segment);
    put(key(segment), SIZE.bytes());
    segment = segment.next();
    return this;
  }

  ArchiveModel write(int count) {
    for (int i = 0; i < count; i++) {
      write();
    }
    return this;
  }

  ArchiveModel lose(WalSegment lost) {
    archived.remove(lost);
    objects.remove(key(lost));
    return this;
  }

  BaseBackup full() {
    return backup(Optional.empty(), 0, false);
  }

  /// @param over segments that are filled while it runs
  BaseBackup backup(Optional<BaseBackup> base, int over, boolean permanent) {
    WalSegment first = segment;
    Instant started = now;
    Lsn start = first.start().plus(0x100);
    for (int i = 0; i < over; i++) {
      now = now.plusSeconds(60);
      write();
    }
    now = now.plusSeconds(60);
    BackupName name =
        base.map(parent -> BackupName.delta(first, parent.name()))
            .orElseGet(() -> BackupName.full(first));
    BaseBackup backup =
        new BaseBackup(
            name,
            start,
            segment.start().plus(SIZE.bytes() / 2),
            started,
            now,
            new ServerVersion(180001),
            Optional.of(SYSTEM),
            1000,
            100,
            permanent,
            base.map(
                parent ->
                    new DeltaOrigin(
                        parent.startLsn(),
                        parent.name(),
                        parent.delta().map(DeltaOrigin::full).orElse(parent.name()),
                        parent.delta().map(DeltaOrigin::count).orElse(0) + 1)),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    backups.add(backup);
    put(LAYOUT.sentinel(name), 10);
    put(LAYOUT.metadata(name), 10);
    put(LAYOUT.tarPartitions(name).key("part_001.tar.zst"), 1000);
    put(LAYOUT.manifest(name), 20);
    // what makes it consistent is in the archive before its sentinel is
    write();
    return backup;
  }

  /// Objects without a sentinel.
  BackupName unfinished() {
    BackupName name = BackupName.full(segment);
    put(LAYOUT.tarPartitions(name).key("part_001.tar.zst"), 500);
    write();
    return name;
  }

  void damage(BaseBackup backup) {
    backups.remove(backup);
    unreadable.add(new UnreadableBackup(backup.name(), "damaged"));
  }

  /// It failed a proof: nobody offers it.
  void withdraw(BaseBackup backup) {
    backups.remove(backup);
    withdrawn.add(backup);
    put(LAYOUT.withdrawal(backup.name()), 10);
  }

  /// Goes on under a new number, from this segment or an earlier one.
  Timeline promote(WalSegment from) {
    Timeline next =
        new Timeline(paths.keySet().stream().mapToLong(Timeline::id).max().orElse(1) + 1);
    Lsn branch = from.start().plus(SIZE.bytes() / 2 + 0x10);
    List<TimelineHistory.Ancestor> ancestors = new ArrayList<>();
    TimelineHistory path = path(from.timeline());
    path.ancestors().stream()
        .filter(ancestor -> ancestor.end().isBefore(branch))
        .forEach(ancestors::add);
    ancestors.add(new TimelineHistory.Ancestor(from.timeline(), branch));
    paths.put(next, new TimelineHistory(next, ancestors));
    put(LAYOUT.wal().key(next.toHex() + ".history.lz4"), 50);
    segment = from.on(next);
    return next;
  }

  /// The old primary goes on.
  void goBackTo(WalSegment old) {
    segment = old;
  }

  TimelineHistory path(Timeline timeline) {
    return paths.getOrDefault(timeline, TimelineHistory.root(timeline));
  }

  Set<Timeline> timelines() {
    Set<Timeline> all = new HashSet<>(paths.keySet());
    all.add(Timeline.FIRST);
    return all;
  }

  Set<WalSegment> written() {
    return commits.keySet();
  }

  /// As if the bucket had been copied.
  void touchAll() {
    objects.replaceAll(
        (key, object) -> new StoredObject(key, object.size(), now, object.version(), Map.of()));
  }

  void put(ObjectKey key, long size) {
    objects.put(key, new StoredObject(key, size, now, "v", Map.of()));
  }

  ArchiveModel without(Collection<ObjectKey> keys) {
    ArchiveModel left = new ArchiveModel();
    left.backups.addAll(backups);
    left.backups.removeIf(backup -> keys.contains(LAYOUT.sentinel(backup.name())));
    left.withdrawn.addAll(withdrawn);
    left.withdrawn.removeIf(backup -> keys.contains(LAYOUT.sentinel(backup.name())));
    left.unreadable.addAll(unreadable);
    left.unreadable.removeIf(backup -> keys.contains(LAYOUT.sentinel(backup.name())));
    left.objects.putAll(objects);
    left.objects.keySet().removeAll(keys);
    left.archived.addAll(archived);
    left.archived.removeIf(segment -> keys.contains(key(segment)));
    left.paths.putAll(paths);
    left.doubts.addAll(doubts);
    left.commits.putAll(commits);
    left.segment = segment;
    left.now = now;
    return left;
  }

  ArchiveSurvey survey() {
    Map<Timeline, TimelineHistory> known = new HashMap<>();
    paths.forEach(
        (timeline, path) -> {
          boolean there = objects.containsKey(LAYOUT.wal().key(timeline.toHex() + ".history.lz4"));
          if (there && !doubts.contains(timeline)) {
            known.put(timeline, path);
          }
        });
    return new ArchiveSurvey(
        new Lineage(CLAIM.cluster(), CLAIM.uid(), PREFIX, Optional.of(CLAIM)),
        backups,
        withdrawn,
        unreadable,
        below(LAYOUT.baseBackups()),
        below(LAYOUT.wal()),
        below(LAYOUT.manifests()),
        known,
        doubts,
        Optional.of(SIZE));
  }

  private List<StoredObject> below(StoreFolder folder) {
    return objects.values().stream()
        .filter(object -> object.key().value().startsWith(folder.path()))
        .toList();
  }

  Lineage lineage() {
    return survey().lineage();
  }

  /// Puts all of it where it can be listed and read.
  void fill(MemoryObjectStore store) {
    objects
        .values()
        .forEach(object -> store.create(object.key(), new byte[] {(byte) object.size()}, Map.of()));
    for (BaseBackup backup : Stream.concat(backups.stream(), withdrawn.stream()).toList()) {
      Sentinel sentinel =
          new Sentinel(
              Optional.of(backup.startLsn()),
              backup.delta(),
              Optional.of(backup.serverVersion()),
              Optional.of(backup.finishLsn()),
              backup.systemIdentifier(),
              backup.uncompressedSize(),
              backup.compressedSize(),
              0,
              Optional.empty(),
              Optional.empty(),
              false,
              Optional.of(backup.startTime()),
              Optional.of(backup.finishTime()),
              "db-1",
              "/data",
              backup.permanent(),
              Optional.empty(),
              Optional.empty());
      store.delete(List.of(LAYOUT.sentinel(backup.name()), LAYOUT.metadata(backup.name())));
      store.create(LAYOUT.sentinel(backup.name()), sentinel.toJson(), Map.of());
      store.create(LAYOUT.metadata(backup.name()), BackupMetadata.of(sentinel).toJson(), Map.of());
    }
  }

  boolean has(WalSegment one) {
    return archived.contains(one);
  }

  private static ObjectKey key(WalSegment segment) {
    return LAYOUT.wal().key(segment.fileName() + ".lz4");
  }

  /// Whether the backup can be made consistent.
  boolean stands(BaseBackup backup) {
    boolean whole =
        Chains.of(backups)
            .of(backup.name())
            .map(
                chain ->
                    chain.stream()
                        .allMatch(
                            part ->
                                objects.containsKey(
                                    LAYOUT.tarPartitions(part.name()).key("part_001.tar.zst"))))
            .orElse(false);
    WalSegment needed = WalSegment.containing(backup.timeline(), backup.startLsn(), SIZE);
    while (whole && needed.start().isBefore(backup.finishLsn())) {
      whole = has(needed);
      needed = needed.next();
    }
    return whole;
  }

  /// Whether recovery to a timeline can end at this instant, and prove it by a later commit.
  boolean restores(Timeline timeline, Instant instant) {
    boolean named =
        timeline.equals(Timeline.FIRST)
            || objects.containsKey(LAYOUT.wal().key(timeline.toHex() + ".history.lz4"));
    return named
        && backups.stream()
            .filter(backup -> !backup.finishTime().isAfter(instant))
            .filter(backup -> path(timeline).contains(backup.timeline(), backup.finishLsn()))
            .filter(backup -> standing.computeIfAbsent(backup.name(), _ -> stands(backup)))
            .anyMatch(backup -> meetsLaterCommit(backup, path(timeline), instant));
  }

  private boolean meetsLaterCommit(BaseBackup backup, TimelineHistory path, Instant instant) {
    WalSegment at = WalSegment.containing(backup.timeline(), backup.startLsn(), SIZE);
    while (true) {
      WalSegment read = at.on(path.at(at.end().plus(-1)));
      if (!has(read)) {
        return false;
      }
      boolean behind = !read.end().isBefore(backup.finishLsn());
      Instant commit = commits.get(read);
      if (behind && commit != null && commit.isAfter(instant)) {
        return true;
      }
      at = at.next();
    }
  }
}
