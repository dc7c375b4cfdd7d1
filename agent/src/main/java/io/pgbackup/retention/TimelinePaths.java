package io.pgbackup.retention;

import io.pgbackup.catalog.ArchiveSurvey;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import java.util.Map;
import java.util.Optional;

/// Whether recovery to a timeline may come from a position on another one. Where the way to a
/// timeline is not known, it may have come from anywhere before. Pure.
record TimelinePaths(Map<Timeline, TimelineHistory> histories) {
  static TimelinePaths of(ArchiveSurvey survey) {
    return new TimelinePaths(survey.histories());
  }

  boolean isKnown(Timeline timeline) {
    return way(timeline).isPresent();
  }

  boolean mayLeadFrom(Timeline timeline, Lsn position, Timeline to) {
    return way(to)
        .map(path -> path.contains(timeline, position))
        .orElse(timeline.compareTo(to) <= 0);
  }

  private Optional<TimelineHistory> way(Timeline timeline) {
    return Optional.ofNullable(histories.get(timeline))
        .or(
            () ->
                timeline.equals(Timeline.FIRST)
                    ? Optional.of(TimelineHistory.root(timeline))
                    : Optional.empty());
  }
}
