package io.pgbackup.agent;

import io.pgbackup.catalog.WalGap;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Remembers in the archive where WAL was let go on purpose, so that nobody is alarmed by a gap
/// that was wanted: one small object for each such gap, named after its first segment.
///
/// A push that is let go does not wait for the store, so marks are written later; one that never
/// was makes its gap look like a loss.
///
/// [#look] belongs to one thread; the rest may be called by all.
final class LetGoMarks {
  private static final String SUFFIX = ".json";

  private record Pending(WalFileName.Segment first, Optional<LineageUid> uid) {}

  private final ObjectStore store;
  private final InstantSource clock;
  private final Queue<Pending> pending = new ConcurrentLinkedQueue<>();
  private volatile Set<WalGap> known = Set.of();

  LetGoMarks(ObjectStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /// From this segment on WAL is let go.
  ///
  /// @param uid of the lineage, where it is known already
  void begun(WalFileName.Segment first, Optional<LineageUid> uid) {
    pending.add(new Pending(first, uid));
  }

  /// Whether a gap was wanted, as of the last look.
  boolean letGo(WalGap gap) {
    return known.contains(gap);
  }

  /// Writes what is not written yet, and reads which gaps were wanted: one LIST where there are
  /// any.
  void look(ArchiveLayout layout, CatalogWatch.Known archive) {
    for (Pending next = pending.peek(); next != null; next = pending.peek()) {
      if (next.uid().map(archive.uid()::equals).orElse(true)) {
        write(layout, next.first());
      }
      pending.remove();
    }
    List<WalGap> gaps = archive.catalog().gaps();
    if (gaps.isEmpty()) {
      known = Set.of();
      return;
    }
    List<WalSegment> marks = marks(layout, archive);
    known =
        gaps.stream()
            .filter(gap -> marks.stream().anyMatch(mark -> lies(mark, gap)))
            .collect(Collectors.toUnmodifiableSet());
  }

  private static StoreFolder folder(ArchiveLayout layout) {
    return layout.own().folder("let-go");
  }

  private void write(ArchiveLayout layout, WalFileName.Segment first) {
    String document =
        "{\"at\":\"%s\",\"reason\":\"wal.enabled is false\"}%n".formatted(clock.instant());
    // one that stands already says the same
    store.create(
        folder(layout).key(first.text() + SUFFIX),
        document.getBytes(StandardCharsets.UTF_8),
        Map.of());
  }

  private List<WalSegment> marks(ArchiveLayout layout, CatalogWatch.Known archive) {
    try (Stream<StoredObject> objects = store.list(folder(layout).path())) {
      return objects
          .map(object -> object.key().name())
          .filter(name -> name.endsWith(SUFFIX))
          .map(name -> name.substring(0, name.length() - SUFFIX.length()))
          .flatMap(name -> WalSegment.tryParse(name, archive.catalog().segmentSize()).stream())
          .toList();
    }
  }

  private static boolean lies(WalSegment mark, WalGap gap) {
    return mark.start().compareTo(gap.first().start()) >= 0
        && mark.start().compareTo(gap.last().start()) <= 0;
  }
}
