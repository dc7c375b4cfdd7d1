package io.pgbackup.restore;

import static java.util.stream.Collectors.toMap;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.GapState;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.catalog.SegmentSet;
import io.pgbackup.catalog.WalGap;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.StoreFolder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// A made-up lineage on one timeline: segment `n` is archived unless it is lost, and holds one
/// commit at second `10 n`. A backup that spans segments `s` to `f` started at `10 s + 1` and
/// finished at `10 f + 5`, both in the middle of their segment, before that segment's commit at its
/// end (`10 f + 9`).
record CatalogModel(int segments, Set<Integer> lost, List<Span> backups, LineageUid uid) {
  static final ClusterId CLUSTER = new ClusterId("default", "orders");
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final Instant BEGIN = Instant.parse("2026-11-21T00:00:00Z");

  record Span(int start, int finish) {}

  static Instant at(long second) {
    return BEGIN.plusSeconds(second);
  }

  static Instant commit(int segment) {
    return at(segment * 10L + 9);
  }

  /// Said with nothing but the model: some backup finished by then, and every segment from its
  /// start to one with a later commit after its end is there.
  boolean reaches(Instant instant) {
    return backups.stream()
        .filter(this::stands)
        .filter(span -> !finishTime(span).isAfter(instant))
        .anyMatch(span -> commit(lastBeforeGap(span.finish())).isAfter(instant));
  }

  boolean stands(Span span) {
    return span.finish() < segments && lastBeforeGap(span.start()) >= span.finish();
  }

  /// The last archived segment that is reached from this one, or one less.
  private int lastBeforeGap(int from) {
    int segment = from;
    while (segment < segments && !lost.contains(segment)) {
      segment++;
    }
    return segment - 1;
  }

  static Instant finishTime(Span span) {
    return at(span.finish() * 10L + 5);
  }

  LineageCatalog catalog() {
    TreeSet<WalSegment> archived = new TreeSet<>();
    for (int segment = 0; segment < segments; segment++) {
      if (!lost.contains(segment)) {
        archived.add(segment(segment));
      }
    }
    List<BaseBackup> all =
        backups.stream()
            .sorted((left, right) -> finishTime(left).compareTo(finishTime(right)))
            .map(CatalogModel::backup)
            .toList();
    return new LineageCatalog(
        new Lineage(CLUSTER, uid, StoreFolder.of("orders/" + uid), Optional.empty()),
        all,
        SegmentSet.of(archived),
        SIZE,
        TimelineHistory.root(Timeline.FIRST),
        windows(),
        reach(),
        gaps(archived),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  private Map<BackupName, Instant> reach() {
    return backups.stream()
        .filter(this::stands)
        .filter(span -> finishTime(span).isBefore(reach(span)))
        .collect(toMap(span -> backup(span).name(), this::reach));
  }

  private Instant reach(Span span) {
    return commit(lastBeforeGap(span.finish()));
  }

  private List<RecoveryWindow> windows() {
    List<RecoveryWindow> windows = new ArrayList<>();
    for (Span span :
        backups.stream()
            .filter(this::stands)
            .sorted((left, right) -> finishTime(left).compareTo(finishTime(right)))
            .toList()) {
      Instant end = reach(span);
      boolean covered = windows.stream().anyMatch(window -> window.contains(finishTime(span)));
      if (!covered && finishTime(span).isBefore(end)) {
        windows.add(new RecoveryWindow(finishTime(span), end, backup(span).name(), Timeline.FIRST));
      }
    }
    return windows;
  }

  private static List<WalGap> gaps(TreeSet<WalSegment> archived) {
    List<WalGap> gaps = new ArrayList<>();
    WalSegment previous = null;
    for (WalSegment segment : archived) {
      if (previous != null && !previous.next().equals(segment)) {
        gaps.add(new WalGap(previous.next(), segment.previous(), GapState.CLOSED));
      }
      previous = segment;
    }
    return gaps;
  }

  static BaseBackup backup(Span span) {
    Lsn middle = new Lsn(SIZE.bytes() / 2);
    return new BaseBackup(
        BackupName.full(segment(span.start())),
        segment(span.start()).start().plus(middle.value()),
        segment(span.finish()).start().plus(middle.value()),
        at(span.start() * 10L + 1),
        finishTime(span),
        new ServerVersion(150018),
        Optional.empty(),
        5 << 20,
        1 << 20,
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  static WalSegment segment(int number) {
    return new WalSegment(Timeline.FIRST, new Lsn((long) number * SIZE.bytes()), SIZE);
  }
}
