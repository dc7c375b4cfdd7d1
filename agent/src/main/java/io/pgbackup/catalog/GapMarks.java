package io.pgbackup.catalog;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.time.Instant;
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
/// A mark counts where recovery along the path reads its timelines: of one gap the first segment
/// may be on one timeline and the last on another, and what expired of a timeline behind the point
/// where it was left says nothing of the younger one. Immutable.
public final class GapMarks {
  private static final Pattern NAME =
      Pattern.compile("([0-9A-F]{24})(?:-([0-9A-F]{24}))?\\.(let-go|acknowledged|expired)\\.json");

  /// @param last the same as the first where only that is known
  private record Mark(ObjectKey key, WalSegment first, WalSegment last, GapState state) {
    boolean covers(WalSegment from, WalSegment to) {
      return first.timeline().equals(from.timeline())
          && last.timeline().equals(to.timeline())
          && first.start().compareTo(from.start()) <= 0
          && last.start().compareTo(to.start()) >= 0;
    }

    /// What of it lies on the path.
    Optional<Span> on(TimelineHistory path) {
      if (!isPartOf(path, first.timeline()) || !isPartOf(path, last.timeline())) {
        return Optional.empty();
      }
      Lsn entered = beginOfSegment(path.beginOf(first.timeline()));
      Lsn from = first.start().isBefore(entered) ? entered : first.start();
      Lsn to =
          path.endOf(last.timeline())
              .map(this::beginOfSegment)
              .filter(left -> left.isBefore(last.end()))
              .orElse(last.end());
      return from.isBefore(to) ? Optional.of(new Span(from, to)) : Optional.empty();
    }

    private static boolean isPartOf(TimelineHistory path, Timeline timeline) {
      return timeline.equals(path.timeline()) || path.endOf(timeline).isPresent();
    }

    /// The segment in which a timeline was left is read of the younger one.
    private Lsn beginOfSegment(Lsn position) {
      return WalSegment.containing(first.timeline(), position, first.size()).start();
    }
  }

  /// @param to exclusive
  private record Span(Lsn from, Lsn to) {
    boolean meets(WalGap gap) {
      return from.isBefore(gap.last().end()) && gap.first().start().isBefore(to);
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
    GapState state = GapState.ofWord(name.group(3)).orElseThrow();
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
      ObjectStore store, ArchiveLayout layout, WalFileName.Segment first, Instant at) {
    write(store, layout, first.text(), GapState.LET_GO, because(at, "wal.enabled is false"));
  }

  /// One that is greater later is another gap.
  public static void acknowledge(
      ObjectStore store, ArchiveLayout layout, WalGap gap, String document) {
    write(store, layout, gap.first() + "-" + gap.last(), GapState.ACKNOWLEDGED, document);
  }

  /// Between these, both inclusive, the retention rules keep nothing.
  public static void expire(
      ObjectStore store, ArchiveLayout layout, WalSegment first, WalSegment last, Instant at) {
    write(store, layout, first + "-" + last, GapState.EXPIRED, because(at, "retention"));
  }

  private static String because(Instant at, String reason) {
    return "{\"at\":\"%s\",\"reason\":\"%s\"}%n".formatted(at, reason);
  }

  /// One that stands already says the same.
  private static void write(
      ObjectStore store, ArchiveLayout layout, String where, GapState state, String document) {
    ObjectKey key = layout.gaps().key("%s.%s.json".formatted(where, state.word()));
    store.create(key, document.getBytes(UTF_8), Map.of());
  }

  /// The part of a mark that lies on a path.
  private record Placed(GapState state, Span span) {}

  /// What was said of a gap; empty where nobody spoke of all of it.
  Optional<GapState> of(WalGap gap, TimelineHistory path) {
    List<Placed> placed =
        marks.stream()
            .flatMap(mark -> mark.on(path).map(span -> new Placed(mark.state(), span)).stream())
            .filter(mark -> mark.span().meets(gap))
            .toList();
    List<Span> ranges =
        placed.stream().filter(mark -> mark.state() != GapState.LET_GO).map(Placed::span).toList();
    if (cover(ranges, gap)) {
      return Optional.of(
          says(placed, GapState.ACKNOWLEDGED) ? GapState.ACKNOWLEDGED : GapState.EXPIRED);
    }
    return says(placed, GapState.LET_GO) ? Optional.of(GapState.LET_GO) : Optional.empty();
  }

  private static boolean says(List<Placed> placed, GapState state) {
    return placed.stream().anyMatch(mark -> mark.state() == state);
  }

  private static boolean cover(List<Span> spans, WalGap gap) {
    Lsn to = gap.first().start();
    for (Span span : spans.stream().sorted(Comparator.comparing(Span::from)).toList()) {
      if (span.from().compareTo(to) <= 0 && to.isBefore(span.to())) {
        to = span.to();
      }
    }
    return !to.isBefore(gap.last().end());
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
