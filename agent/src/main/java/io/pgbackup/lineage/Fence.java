package io.pgbackup.lineage;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.TimelineHistory.Ancestor;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Keeps other histories out of a lineage's archive. The system identifier does not suffice: clones
/// and restored servers share it. What an object of the same name already holds is compared by the
/// engine when it writes; the fence refuses what no comparison would catch. Why a file has to be
/// its own server's: `docs/decisions/0001-whose-timeline.md`.
///
/// Thread-safe. The archive is listed once, at the first segment.
public final class Fence {
  private final Claim claim;
  private final ArchiveLayout layout;
  private final ObjectStore store;
  private final SegmentCheck segments;
  private final HistoryArchive histories;
  private final WalNeighbours neighbours;
  private final OwnServer server;
  private final Set<Timeline> ownTimelines = ConcurrentHashMap.newKeySet();
  private @Nullable ArchiveHeads heads;

  /// @param archive fetches a WAL file's plaintext from this lineage's archive: nothing only where
  ///   the archive has proved that it has no such file
  /// @param server the one whose WAL this archive takes
  public Fence(
      Claim claim,
      ArchiveLayout layout,
      ObjectStore store,
      Function<WalFileName, Optional<byte[]>> archive,
      OwnServer server) {
    this.claim = claim;
    this.layout = layout;
    this.store = store;
    this.segments = new SegmentCheck(claim);
    this.histories = new HistoryArchive(archive);
    this.neighbours = new WalNeighbours(archive);
    this.server = server;
  }

  /// Admits a file into the archive, or says why not.
  ///
  /// @param sender the lineage whose data the sender runs on, empty where it does not know
  /// @throws PgBackupException `Refused` if the file is not of this lineage; `StorageFailed` if
  ///   that could not be found out
  public void admit(WalFileName name, byte[] content, Optional<LineageUid> sender) {
    sender.filter(uid -> !uid.equals(claim.uid())).ifPresent(uid -> refuseSender(name, uid));
    switch (name) {
      case WalFileName.Segment _ -> {
        WalSegment segment = segments.segment(name);
        Timeline begun = segments.check(segment, content).timeline();
        if (sender.isEmpty() || !ownTimelines.contains(segment.timeline())) {
          checkOrigin(name, segment.timeline(), content, sender);
        }
        TimelineHistory history = historyOf(segment.timeline());
        if (!begun.equals(history.at(segment.start()))) {
          throw wrongTimeline(segment, begun);
        }
        checkPlace(segment, history);
        checkHead(segment, content);
      }
      case WalFileName.Partial _ -> {
        // of the timeline that was left, so perhaps of the parent's
        WalSegment segment = segments.segment(name);
        Timeline begun = segments.check(segment, content).timeline();
        if (begun.compareTo(segment.timeline()) > 0) {
          throw wrongTimeline(segment, begun);
        }
        checkOrigin(name, segment.timeline(), content, sender);
      }
      case WalFileName.History history -> {
        checkHistory(history, content);
        checkOrigin(name, history.timeline(), content, sender);
      }
      case WalFileName.BackupHistory _ ->
          // nothing is ever restored from it, but a copy's would stand in the way of our own
          checkOrigin(name, segments.segment(name).timeline(), content, sender);
    }
  }

  private void refuseSender(WalFileName name, LineageUid sender) {
    throw refused(
        "%s comes from data of lineage %s, and this archive is of %s"
            .formatted(name.text(), sender, claim.uid()),
        "A clone or a restored server kept its source's archive_command; point it to an agent of its"
            + " own.");
  }

  /// Whether the agent's own server wrote it: a copy has the same system identifier, and one that
  /// was promoted a timeline of the same number.
  private void checkOrigin(
      WalFileName name, Timeline timeline, byte[] content, Optional<LineageUid> sender) {
    switch (server.holds(name, content)) {
      case SAME -> ownTimelines.add(timeline);
      case OTHER ->
          throw refused(
              name.text() + " is not what this server has in pg_wal",
              "A copy of the data sends it, with the archive_command of its source; set an"
                  + " archive_command of its own there.");
      case UNTOLD -> believe(name, timeline, sender);
    }
  }

  private void believe(WalFileName name, Timeline timeline, Optional<LineageUid> sender) {
    if (sender.isEmpty()) {
      throw refused(
          name.text()
              + " comes from an unknown sender, and nothing proves that it is this server's",
          "Let the agent's user read the data directory, or its role execute pg_read_binary_file.");
    }
    Timeline now = server.timeline();
    if (timeline.compareTo(now) > 0) {
      throw Problem.storageUnavailable(
              "%s is of timeline %s, and the server is on timeline %s"
                  .formatted(name.text(), timeline, now),
              "After a promotion that passes by itself; otherwise look for a second server.")
          .asException();
    }
    ownTimelines.add(timeline);
  }

  private static PgBackupException wrongTimeline(WalSegment segment, Timeline begun) {
    return refused(
        "%s begins with WAL of timeline %s".formatted(segment, begun),
        "The file does not belong to the history of its timeline; look for a second server.");
  }

  /// The history of a timeline that may write into this archive.
  private TimelineHistory historyOf(Timeline timeline) {
    if (timeline.equals(Timeline.FIRST)) {
      claim.parent().ifPresent(parent -> refuseParentsTimeline(timeline, parent));
      return TimelineHistory.root(timeline);
    }
    TimelineHistory history =
        histories
            .find(timeline)
            .orElseThrow(
                () ->
                    refused(
                        "the archive has no %s yet".formatted(HistoryArchive.name(timeline).text()),
                        "PostgreSQL archives it before the timeline's first segment; if that was"
                            + " lost, push it from pg_wal with 'pgbackup wal push'."));
    checkDescent(history);
    return history;
  }

  private void checkDescent(TimelineHistory history) {
    claim
        .parent()
        .filter(parent -> !leavesParent(history, parent))
        .ifPresent(parent -> refuseParentsTimeline(history.timeline(), parent));
  }

  private static boolean leavesParent(TimelineHistory history, Parent parent) {
    return history.endOf(parent.timeline()).equals(Optional.of(parent.branchPoint()));
  }

  private void refuseParentsTimeline(Timeline timeline, Parent parent) {
    throw refused(
        "timeline %s does not descend from where lineage %s branched off %s, timeline %s at %s"
            .formatted(
                timeline, claim.uid(), parent.uid(), parent.timeline(), parent.branchPoint()),
        "It is the source's or another clone's; point that server to an agent of its own.");
  }

  private static void checkPlace(WalSegment segment, TimelineHistory history) {
    Lsn begin = history.beginOf(segment.timeline());
    if (segment.end().compareTo(begin) <= 0) {
      throw refused(
          "%s lies before timeline %s began at %s".formatted(segment, segment.timeline(), begin),
          "The file does not belong to the history of its timeline; look for a second server.");
    }
  }

  private synchronized void checkHead(WalSegment segment, byte[] content) {
    if (heads == null) {
      heads = ArchiveHeads.list(store, layout, claim.segmentSize());
    }
    Optional<WalSegment> head = heads.on(segment.timeline());
    if (head.isPresent() && segment.compareTo(head.get()) < 0 && !isStored(segment)) {
      if (!neighbours.fit(segment, content)) {
        throw refused(
            "%s lies behind the archive's head %s, which has no such segment to compare it with"
                .formatted(segment, head.get()),
            "The server may have gone back to an older state of its data; then its history is"
                + " another one: take its identity away to begin a new lineage.");
      }
    }
    heads.raise(segment);
  }

  private boolean isStored(WalSegment segment) {
    try (var listing = store.list(layout.wal().key(segment.fileName()).value())) {
      return listing.anyMatch(object -> !object.key().name().contains(".partial"));
    }
  }

  private void checkHistory(WalFileName.History name, byte[] content) {
    TimelineHistory history = HistoryArchive.parse(name, content, "that was sent");
    if (history.ancestors().isEmpty()) {
      throw refused(
          name.text() + " names no timeline that it came from",
          "Look at the file in pg_wal; PostgreSQL writes no such history.");
    }
    checkDescent(history);
    for (Ancestor ancestor : history.ancestors()) {
      histories.find(ancestor.timeline()).ifPresent(held -> checkSameWay(history, held));
    }
  }

  private static void checkSameWay(TimelineHistory history, TimelineHistory held) {
    List<Ancestor> before =
        history.ancestors().stream()
            .takeWhile(ancestor -> !ancestor.timeline().equals(held.timeline()))
            .toList();
    if (!before.equals(held.ancestors())) {
      throw refused(
          "timeline %s comes from another timeline %s than the archive's"
              .formatted(history.timeline(), held.timeline()),
          "Two servers were promoted apart (split brain); decide which one is to go on.");
    }
  }

  private static PgBackupException refused(String message, String hint) {
    return Problem.refused(message, hint).asException();
  }
}
