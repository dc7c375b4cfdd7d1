package io.pgbackup.agent;

import io.pgbackup.drill.DrillVerdict;
import io.pgbackup.drill.DrillVerdicts;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the newest verdicts of drills from the lineage's archive, wherever the drills ran. One
/// LIST each time, and one GET for each verdict that is new.
///
/// [#look] belongs to one thread; what was read may be had by all.
final class DrillWatch {
  /// Verdicts that are read, the newest ones.
  static final int MOST = 50;

  private static final Logger LOGGER = LoggerFactory.getLogger(DrillWatch.class);
  private static final Duration INTERVAL = Duration.ofMinutes(10);
  private static final Duration UNTIL_A_LINEAGE = Duration.ofSeconds(1);

  /// @param verdicts the newest first
  private record Known(LineageUid uid, Map<ObjectKey, DrillVerdict> verdicts) {}

  private final LineageKeeper lineages;
  private final DrillVerdicts verdicts;
  private volatile Optional<Known> known = Optional.empty();

  DrillWatch(LineageKeeper lineages, ObjectStore store) {
    this.lineages = lineages;
    this.verdicts = new DrillVerdicts(store);
  }

  /// The newest of the current lineage; empty where none was stored, and before the first reading.
  Optional<DrillVerdict> verdict() {
    return all().stream().findFirst();
  }

  /// The newest over this base backup.
  Optional<DrillVerdict> of(String backup) {
    return all().stream().filter(verdict -> verdict.backup().equals(backup)).findFirst();
  }

  private List<DrillVerdict> all() {
    Optional<LineageUid> now =
        lineages.current().map(session -> session.lineage().identity().uid());
    return known.filter(read -> now.equals(Optional.of(read.uid()))).stream()
        .flatMap(read -> read.verdicts().values().stream())
        .toList();
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
              new Known(
                  lineage.identity().uid(), read(verdicts.keys(lineage.layout().prefix(), MOST))));
    } catch (PgBackupException e) {
      // what was known stays known: its time tells how old it is
      unreadable(e);
    }
    return INTERVAL;
  }

  /// An older one that cannot be read proves nothing; the newest one must be.
  private Map<ObjectKey, DrillVerdict> read(List<ObjectKey> keys) {
    Map<ObjectKey, DrillVerdict> before = known.map(Known::verdicts).orElse(Map.of());
    Map<ObjectKey, DrillVerdict> read = new LinkedHashMap<>();
    for (ObjectKey key : keys) {
      try {
        DrillVerdict verdict = before.get(key);
        read.put(key, verdict == null ? verdicts.read(key) : verdict);
      } catch (PgBackupException e) {
        if (read.isEmpty()) {
          throw e;
        }
        unreadable(e);
      }
    }
    return read;
  }

  private static void unreadable(PgBackupException e) {
    LOGGER
        .atWarn()
        .addKeyValue("reason", e.problem().message())
        .log("a drill's verdict cannot be read");
  }
}
