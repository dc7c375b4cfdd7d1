package io.pgbackup.agent;

import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.drill.DrillVerdicts;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectStore;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the newest verdict of a drill from the lineage's archive, wherever the drill ran. One LIST
/// each time.
///
/// [#look] belongs to one thread; what was read may be had by all.
final class DrillWatch {
  private static final Logger LOGGER = LoggerFactory.getLogger(DrillWatch.class);
  private static final Duration INTERVAL = Duration.ofMinutes(10);
  private static final Duration UNTIL_A_LINEAGE = Duration.ofSeconds(1);

  private record Known(LineageUid uid, Optional<DrillVerdict> verdict) {}

  private final LineageKeeper lineages;
  private final DrillVerdicts verdicts;
  private volatile Optional<Known> known = Optional.empty();

  DrillWatch(LineageKeeper lineages, ObjectStore store) {
    this.lineages = lineages;
    this.verdicts = new DrillVerdicts(store);
  }

  /// Of the current lineage; empty where none was stored, and before the first reading.
  Optional<DrillVerdict> verdict() {
    Optional<LineageUid> now =
        lineages.current().map(session -> session.lineage().identity().uid());
    return known.filter(read -> now.equals(Optional.of(read.uid()))).flatMap(Known::verdict);
  }

  Duration look() {
    Optional<LineageSession> session = lineages.current();
    if (session.isEmpty()) {
      return UNTIL_A_LINEAGE;
    }
    var lineage = session.get().lineage();
    try {
      known =
          Optional.of(
              new Known(lineage.identity().uid(), verdicts.newest(lineage.layout().prefix())));
    } catch (PgBackupException e) {
      // what was known stays known: its time tells how old it is
      LOGGER
          .atWarn()
          .addKeyValue("reason", e.problem().message())
          .log("the newest drill's verdict cannot be read");
    }
    return INTERVAL;
  }
}
