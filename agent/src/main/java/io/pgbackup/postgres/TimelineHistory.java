package io.pgbackup.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where a timeline came from: its ancestors, oldest first, each with the position at which it was
/// left. The content of `NEWTLI.history` (src/backend/access/transam/timeline.c): lines of parent
/// number, tab, position, tab, reason; `#` begins a comment.
///
/// Immutable.
public record TimelineHistory(Timeline timeline, List<Ancestor> ancestors) {
  /// @param end first position that is no longer of this ancestor
  public record Ancestor(Timeline timeline, Lsn end) {}

  public TimelineHistory {
    ancestors = List.copyOf(ancestors);
    Ancestor previous = null;
    for (Ancestor ancestor : ancestors) {
      if (previous != null
          && (ancestor.timeline().compareTo(previous.timeline()) <= 0
              || ancestor.end().isBefore(previous.end()))) {
        throw new IllegalArgumentException(
            "the history of timeline " + timeline + " does not ascend at " + ancestor.timeline());
      }
      previous = ancestor;
    }
    if (previous != null && previous.timeline().compareTo(timeline) >= 0) {
      throw new IllegalArgumentException(
          "the history of timeline " + timeline + " names timeline " + previous.timeline());
    }
  }

  /// The history of a timeline that has no history file: a new cluster's.
  public static TimelineHistory root(Timeline timeline) {
    return new TimelineHistory(timeline, List.of());
  }

  /// Reads a history file as PostgreSQL does: the later line counts. When recovery along the path
  /// to timeline 2 ends before the position at which 2 left 1, PostgreSQL writes `1 0/8000000`, `2
  /// 0/3000000` for the new timeline: that one really left timeline 1 at `0/3000000` and was never
  /// on 2.
  ///
  /// @throws IllegalArgumentException if a line is not parent, position, reason, or the timelines
  ///   do not ascend
  public static TimelineHistory parse(Timeline timeline, String content) {
    List<Ancestor> ancestors = new ArrayList<>();
    for (String line : content.lines().toList()) {
      String text = line.strip();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      String[] fields = text.split("\\s+", 3);
      if (fields.length < 2) {
        throw new IllegalArgumentException(
            "a line of "
                + timeline.toHex()
                + ".history is not parent, LSN, reason: '"
                + text
                + "'");
      }
      Ancestor ancestor = new Ancestor(parseTimeline(fields[0]), Lsn.parse(fields[1]));
      boolean ascends =
          ancestors.isEmpty() || ancestor.timeline().compareTo(ancestors.getLast().timeline()) > 0;
      if (!ascends || ancestor.timeline().compareTo(timeline) >= 0) {
        throw new IllegalArgumentException(
            "the timelines in " + timeline.toHex() + ".history do not ascend at '" + text + "'");
      }
      ancestors.add(ancestor);
    }
    return new TimelineHistory(timeline, withoutNeverVisited(ancestors));
  }

  private static List<Ancestor> withoutNeverVisited(List<Ancestor> lines) {
    List<Ancestor> visited = new ArrayList<>();
    for (Ancestor ancestor : lines) {
      while (!visited.isEmpty() && ancestor.end().isBefore(visited.getLast().end())) {
        Ancestor overtaken = visited.removeLast();
        Lsn begin = visited.isEmpty() ? Lsn.ZERO : visited.getLast().end();
        if (begin.isBefore(ancestor.end())) {
          // Left there already; the line at hand never began.
          ancestor = new Ancestor(overtaken.timeline(), ancestor.end());
        }
      }
      visited.add(ancestor);
    }
    return visited;
  }

  private static Timeline parseTimeline(String text) {
    try {
      return new Timeline(Long.parseLong(text));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is not a timeline", e);
    }
  }

  /// The timeline on this path that holds the byte at this position.
  public Timeline at(Lsn lsn) {
    for (Ancestor ancestor : ancestors) {
      if (lsn.isBefore(ancestor.end())) {
        return ancestor.timeline();
      }
    }
    return timeline;
  }

  /// Whether the path to this timeline runs over the other one at this position: a backup that
  /// ended there can be recovered along this path.
  public boolean contains(Timeline other, Lsn lsn) {
    if (other.equals(timeline)) {
      return ancestors.isEmpty() || !lsn.isBefore(ancestors.getLast().end());
    }
    return endOf(other).map(end -> lsn.compareTo(end) <= 0).orElse(false)
        && !lsn.isBefore(beginOf(other));
  }

  /// Where this path leaves an ancestor; empty for the timeline itself and for strangers.
  public Optional<Lsn> endOf(Timeline other) {
    return ancestors.stream()
        .filter(ancestor -> ancestor.timeline().equals(other))
        .map(Ancestor::end)
        .findFirst();
  }

  /// Where the path enters a timeline of it.
  public Lsn beginOf(Timeline other) {
    Lsn begin = Lsn.ZERO;
    for (Ancestor ancestor : ancestors) {
      if (ancestor.timeline().equals(other)) {
        return begin;
      }
      begin = ancestor.end();
    }
    return begin;
  }
}
