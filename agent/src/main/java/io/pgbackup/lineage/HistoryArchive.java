package io.pgbackup.lineage;

import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/// The history files that one archive holds, each read once: they never change. Thread-safe.
final class HistoryArchive {
  private final Function<WalFileName, Optional<byte[]>> archive;
  private final Map<Timeline, TimelineHistory> known = new ConcurrentHashMap<>();

  HistoryArchive(Function<WalFileName, Optional<byte[]>> archive) {
    this.archive = archive;
  }

  /// Absence is not remembered: the file may come any moment.
  Optional<TimelineHistory> find(Timeline timeline) {
    TimelineHistory remembered = known.get(timeline);
    if (remembered != null) {
      return Optional.of(remembered);
    }
    WalFileName.History name = name(timeline);
    Optional<TimelineHistory> read =
        archive.apply(name).map(content -> parse(name, content, "in the archive"));
    read.ifPresent(history -> known.put(timeline, history));
    return read;
  }

  static WalFileName.History name(Timeline timeline) {
    return new WalFileName.History(timeline.toHex() + ".history");
  }

  static TimelineHistory parse(WalFileName.History name, byte[] content, String where) {
    try {
      return TimelineHistory.parse(
          name.timeline(), new String(content, StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException e) {
      throw Problem.refused(
              "%s %s is no history file: %s".formatted(name.text(), where, e.getMessage()),
              "Look at the file; a timeline without a true history cannot be restored.")
          .causedBy(e);
    }
  }
}
