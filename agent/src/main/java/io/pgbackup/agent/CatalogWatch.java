package io.pgbackup.agent;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Reads the lineage's archive again and again, so that windows, gaps and backups are never far
/// from the truth. An archive that takes long to list, each of three times, is listed less often; a
/// store that was slow once is not.
///
/// [#read] belongs to one thread; what was read may be had by all.
final class CatalogWatch {
  /// At most this part of the time is spent on listing.
  private static final int SHARE = 10;

  private static final int COMPARED = 3;

  /// @param readAt before the listing began
  record Known(LineageUid uid, LineageCatalog catalog, Instant readAt) {}

  private final LineageKeeper lineages;
  private final Duration interval;
  private final Problems problems;
  private final InstantSource clock;
  private final Consumer<Known> listener;
  private final Supplier<Optional<ServerWatch.Seen>> server;
  private final Deque<Duration> took = new ArrayDeque<>();
  private boolean strange;
  private volatile Optional<Known> known = Optional.empty();

  /// @param listener told after each reading, on the reading thread
  CatalogWatch(
      LineageKeeper lineages,
      Supplier<Optional<ServerWatch.Seen>> server,
      Duration interval,
      Problems problems,
      InstantSource clock,
      Consumer<Known> listener) {
    this.lineages = lineages;
    this.server = server;
    this.interval = interval;
    this.problems = problems;
    this.clock = clock;
    this.listener = listener;
  }

  /// What was read last of the lineage that is current; empty before the first reading of it.
  Optional<Known> known() {
    Optional<LineageUid> now =
        lineages.current().map(session -> session.lineage().identity().uid());
    return known.filter(catalog -> now.equals(Optional.of(catalog.uid())));
  }

  Duration read() {
    Optional<LineageSession> session = lineages.current();
    if (session.isEmpty()) {
      return Duration.ofSeconds(1);
    }
    Instant begun = clock.instant();
    try {
      Known now =
          new Known(session.get().lineage().identity().uid(), session.get().catalog().get(), begun);
      known = Optional.of(now);
      problems.clear(Problems.About.CATALOG);
      compareTimelines(now.catalog().path().timeline());
      listener.accept(now);
    } catch (PgBackupException e) {
      // what was known stays known, with the time it was read
      problems.report(Problems.About.CATALOG, e.problem());
      return interval;
    }
    return pauseAfter(Duration.between(begun, clock.instant()));
  }

  private Duration pauseAfter(Duration reading) {
    took.addLast(reading);
    if (took.size() < COMPARED) {
      return interval;
    }
    Duration spared = Collections.min(took).multipliedBy(SHARE);
    took.removeFirst();
    return spared.compareTo(interval) > 0 ? spared : interval;
  }

  /// Seen twice, because a promotion reaches the archive before we ask the server again.
  private void compareTimelines(Timeline newest) {
    Optional<Timeline> own =
        server
            .get()
            .filter(ServerWatch.Seen::primary)
            .map(seen -> seen.facts().timeline())
            .filter(timeline -> timeline.compareTo(newest) < 0);
    if (own.isEmpty()) {
      problems.clear(Problems.About.TIMELINE);
    } else if (strange) {
      problems.report(
          Problems.About.TIMELINE,
          Problem.refused(
              "the archive goes on to timeline %s, and this server is on timeline %s"
                  .formatted(newest, own.get()),
              "Another server wrote into it, so the windows are not this server's. Find it; restore"
                  + " this one with --timeline "
                  + own.get()
                  + "."));
    }
    strange = own.isPresent();
  }
}
