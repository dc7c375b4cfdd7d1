package io.pgbackup.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What somebody has said of missing WAL, so that nobody is alarmed by what was wanted or is known:
/// one small object for each gap, `pgbackup/gaps/<first>.let-go.json`, whose end is not known when
/// it is written, or `<first>-<last>.acknowledged.json` and `<first>-<last>.expired.json`. The name
/// says it all; what is inside is for people.
///
/// Positions count, not timelines: of one gap the first segment may be on one timeline and the last
/// on another. Immutable.
public final class GapMarks {
  private static final Pattern NAME =
      Pattern.compile("([0-9A-F]{24})(?:-([0-9A-F]{24}))?\\.(let-go|acknowledged|expired)\\.json");

  /// @param last the same as the first where only that is known
  private record Mark(ObjectKey key, WalSegment first, WalSegment last, GapState state) {
    boolean covers(WalSegment from, WalSegment to) {
      return first.start().compareTo(from.start()) <= 0 && last.start().compareTo(to.start()) >= 0;
    }
  }

  private final List<Mark> marks;

  private GapMarks(List<Mark> marks) {
    this.marks = marks;
  }

  /// One LIST for each thousand.
  public static GapMarks of(ObjectStore store, ArchiveLayout layout, WalSegmentSize size) {
    try (Stream<StoredObject> objects = store.list(layout.gaps().path())) {
      return new GapMarks(
          objects.map(StoredObject::key).flatMap(key -> parse(key, size).stream()).toList());
    }
  }

  private static Optional<Mark> parse(ObjectKey key, WalSegmentSize size) {
    Matcher name = NAME.matcher(key.name());
    if (!name.matches()) {
      return Optional.empty();
    }
    GapState state =
        switch (name.group(3)) {
          case "let-go" -> GapState.LET_GO;
          case "acknowledged" -> GapState.ACKNOWLEDGED;
          default -> GapState.EXPIRED;
        };
    return WalSegment.tryParse(name.group(1), size)
        .flatMap(
            first ->
                Optional.ofNullable(name.group(2))
                    .map(last -> WalSegment.tryParse(last, size))
                    .orElse(Optional.of(first))
                    .map(last -> new Mark(key, first, last, state)));
  }

  /// From this segment on WAL is let go.
  public static void letGo(
      ObjectStore store, ArchiveLayout layout, WalFileName.Segment first, String document) {
    write(store, layout.gaps().key(first.text() + ".let-go.json"), document);
  }

  /// One that is greater later is another gap.
  public static void acknowledge(
      ObjectStore store, ArchiveLayout layout, WalGap gap, String document) {
    write(store, ranged(layout, gap.first(), gap.last(), "acknowledged"), document);
  }

  /// Between these, both inclusive, the retention rules keep nothing.
  public static void expire(
      ObjectStore store, ArchiveLayout layout, WalSegment first, WalSegment last, String document) {
    write(store, ranged(layout, first, last, "expired"), document);
  }

  private static ObjectKey ranged(
      ArchiveLayout layout, WalSegment first, WalSegment last, String state) {
    return layout.gaps().key("%s-%s.%s.json".formatted(first, last, state));
  }

  /// One that stands already says the same.
  private static void write(ObjectStore store, ObjectKey key, String document) {
    store.create(key, document.getBytes(UTF_8), Map.of());
  }

  /// What was said of missing segments; empty where nobody spoke of all of them.
  Optional<GapState> of(WalSegment first, WalSegment last) {
    List<Mark> ranges =
        marks.stream()
            .filter(mark -> mark.state() != GapState.LET_GO)
            .filter(mark -> mark.last().start().compareTo(first.start()) >= 0)
            .filter(mark -> mark.first().start().compareTo(last.start()) <= 0)
            .sorted(Comparator.comparing(mark -> mark.first().start()))
            .toList();
    if (cover(ranges, first, last)) {
      return Optional.of(
          ranges.stream().anyMatch(mark -> mark.state() == GapState.ACKNOWLEDGED)
              ? GapState.ACKNOWLEDGED
              : GapState.EXPIRED);
    }
    return marks.stream().anyMatch(mark -> begins(mark, first, last))
        ? Optional.of(GapState.LET_GO)
        : Optional.empty();
  }

  private static boolean begins(Mark mark, WalSegment first, WalSegment last) {
    return mark.state() == GapState.LET_GO
        && mark.first().start().compareTo(first.start()) >= 0
        && mark.first().start().compareTo(last.start()) <= 0;
  }

  private static boolean cover(List<Mark> ranges, WalSegment first, WalSegment last) {
    Lsn to = first.start();
    for (Mark range : ranges) {
      if (range.first().start().compareTo(to) <= 0 && range.last().end().compareTo(to) > 0) {
        to = range.last().end();
      }
    }
    return to.compareTo(last.end()) >= 0;
  }

  /// Whether one mark says that retention keeps nothing between these.
  public boolean sayExpired(WalSegment first, WalSegment last) {
    return marks.stream()
        .anyMatch(mark -> mark.state() == GapState.EXPIRED && mark.covers(first, last));
  }

  /// Marks of retention that say no more than that one.
  public List<ObjectKey> expiredWithin(WalSegment first, WalSegment last) {
    Mark whole = new Mark(new ObjectKey("whole"), first, last, GapState.EXPIRED);
    return marks.stream()
        .filter(mark -> mark.state() == GapState.EXPIRED)
        .filter(mark -> whole.covers(mark.first(), mark.last()))
        .map(Mark::key)
        .toList();
  }
}
