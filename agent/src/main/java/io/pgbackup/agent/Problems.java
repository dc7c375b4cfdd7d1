package io.pgbackup.agent;

import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is wrong now. A problem is logged when it comes, when it changes and when it goes, not each
/// time it is met again.
///
/// Thread-safe.
final class Problems {
  private static final Logger LOGGER = LoggerFactory.getLogger(Problems.class);

  /// What a problem is about; there is at most one of each.
  enum About {
    CONFIGURATION,
    LINEAGE,
    POSTGRES,
    CREDENTIAL,
    WAL,
    VOLUME,
    CATALOG,
    TIMELINE,
    BACKUP,
    PAGES,
    DRILL,
    RETENTION,
    STREAM
  }

  record Standing(About about, Instant since, Problem problem) {}

  private final InstantSource clock;
  private final Map<About, Standing> standing = new EnumMap<>(About.class);

  Problems(InstantSource clock) {
    this.clock = clock;
  }

  synchronized void report(About about, Problem problem) {
    Standing before = standing.get(about);
    if (before != null && before.problem().equals(problem)) {
      return;
    }
    Instant since = before == null ? clock.instant() : before.since();
    standing.put(about, new Standing(about, since, problem));
    LOGGER
        .atWarn()
        .addKeyValue("about", about)
        .addKeyValue("problem", problem.message())
        .addKeyValue("hint", problem.hint().orElse(""))
        .log("problem");
  }

  synchronized void clear(About about) {
    if (standing.remove(about) != null) {
      LOGGER.atInfo().addKeyValue("about", about).log("problem is gone");
    }
  }

  synchronized Optional<Problem> about(About about) {
    return Optional.ofNullable(standing.get(about)).map(Standing::problem);
  }

  synchronized List<Standing> all() {
    return List.copyOf(standing.values());
  }
}
