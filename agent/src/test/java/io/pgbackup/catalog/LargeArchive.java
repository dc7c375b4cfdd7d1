package io.pgbackup.catalog;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SyntheticWal;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A bucket with so many WAL segments that they are made up when they are asked for: on timeline 1
/// from its first position on, each with one commit. Counts what a reader asks, a page of a
/// thousand as one LIST.
final class LargeArchive extends MemoryObjectStore {
  private static final int PAGE = 1000;
  private static final Instant BEGIN = Instant.parse("2020-01-01T00:00:00Z");

  private final ArchiveLayout layout;
  private final int segments;
  private final Set<Integer> gone = new HashSet<>();
  private final AtomicLong pages = new AtomicLong();
  private final AtomicLong gets = new AtomicLong();

  LargeArchive(ArchiveLayout layout, int segments) {
    this.layout = layout;
    this.segments = segments;
  }

  static WalSegment segment(int number) {
    return WalSegment.containing(
        Timeline.FIRST,
        new Lsn((long) (number + 1) * ModelArchive.SIZE.bytes()),
        ModelArchive.SIZE);
  }

  static Instant commit(int number) {
    return BEGIN.plusSeconds(number * 60L);
  }

  /// As an agent writes them, one after the other.
  void index() {
    int each = IndexKeeper.Sizes.DEFAULT.segments();
    for (int from = 0; from + each + 4 <= segments; from += each) {
      create(
          SegmentIndexes.key(layout, new SegmentRange(segment(from), each)), new byte[0], Map.of());
    }
  }

  void lose(int from, int to) {
    IntStream.range(from, to).forEach(gone::add);
  }

  /// In the middle of two segments, beginning with this one.
  void backup(int number) {
    backup(number, false);
  }

  void permanentBackup(int number) {
    backup(number, true);
  }

  private void backup(int number, boolean permanent) {
    BackupName name = BackupName.full(segment(number));
    Sentinel sentinel =
        new Sentinel(
            Optional.of(segment(number).start().plus(40)),
            Optional.empty(),
            Optional.of(new ServerVersion(180006)),
            Optional.of(segment(number + 1).start().plus(60)),
            Optional.of(SyntheticWal.SYSTEM),
            1,
            1,
            1,
            Optional.empty(),
            Optional.empty(),
            false,
            Optional.of(commit(number)),
            Optional.of(commit(number).plusSeconds(30)),
            "host",
            "/data",
            permanent,
            Optional.empty(),
            Optional.empty());
    create(layout.sentinel(name), sentinel.toJson(), Map.of());
    create(layout.metadata(name), BackupMetadata.of(sentinel).toJson(), Map.of());
  }

  @Override
  public synchronized Stream<StoredObject> list(String keyPrefix) {
    return listAfter(keyPrefix, "");
  }

  @Override
  public synchronized Stream<StoredObject> listAfter(String keyPrefix, String after) {
    String folder = layout.wal().path();
    if (!keyPrefix.startsWith(folder)) {
      return super.list(keyPrefix).filter(object -> object.key().value().compareTo(after) > 0);
    }
    String name = keyPrefix.substring(folder.length());
    if (!name.isEmpty()) {
      pages.incrementAndGet();
      return Stream.of(number(name)).filter(this::isThere).map(this::object);
    }
    int first = Math.max(0, behind(after.substring(Math.min(after.length(), folder.length()))));
    return Stream.iterate(
            page(first), page -> page.length > 0, page -> page(page[page.length - 1] + 1))
        .flatMap(page -> IntStream.of(page).mapToObj(this::object));
  }

  /// A text that is shorter than a name comes before all names that begin with it.
  private static int behind(String name) {
    if (name.isEmpty()) {
      return 0;
    }
    return name.length() < 24 ? number((name + "0".repeat(24)).substring(0, 24)) : number(name) + 1;
  }

  private int[] page(int from) {
    if (from >= segments) {
      return new int[0];
    }
    pages.incrementAndGet();
    return IntStream.range(from, segments).filter(this::isThere).limit(PAGE).toArray();
  }

  private boolean isThere(int number) {
    return number >= 0 && number < segments && !gone.contains(number);
  }

  private static int number(String name) {
    WalSegment found = WalSegment.parse(name.substring(0, 24), ModelArchive.SIZE);
    return (int) (found.start().value() / ModelArchive.SIZE.bytes()) - 1;
  }

  private StoredObject object(int number) {
    return new StoredObject(
        layout.wal().key(segment(number).fileName()),
        ModelArchive.SIZE.bytes(),
        commit(number),
        "w" + number,
        Map.of());
  }

  @Override
  public synchronized InputStream open(ObjectKey key) {
    gets.incrementAndGet();
    if (!key.value().startsWith(layout.wal().path())) {
      return super.open(key);
    }
    int number = number(key.name());
    SyntheticWal wal = SyntheticWal.at(segment(number));
    wal.commit(commit(number));
    wal.switchSegment();
    return new ByteArrayInputStream(wal.content(segment(number)));
  }

  @Override
  public synchronized long lists() {
    return super.lists() + pages.get();
  }

  long gets() {
    return gets.get();
  }
}
