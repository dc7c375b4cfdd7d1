package io.pgbackup.retention;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The rules that each lineage was given, in its own folder: `pgbackup/policy/<UTC time>.json`, a
/// new object at each change, never overwritten. The newest holds, also when the lineage has ended.
/// Thread-safe.
public final class Policies {
  private static final DateTimeFormatter NAME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final int ATTEMPTS = 5;

  private final ObjectStore store;
  private final Documents documents;
  private final InstantSource clock;

  public Policies(ObjectStore store, InstantSource clock) {
    this.store = store;
    this.documents = new Documents(store);
    this.clock = clock;
  }

  /// @param prefix the lineage's folder
  /// @return nothing where none was ever stored: then nothing may be deleted
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if it cannot be understood
  public Optional<RetentionRules> newest(StoreFolder prefix) {
    return newestKey(prefix)
        .flatMap(
            key ->
                documents
                    .read(key)
                    .map(
                        json -> {
                          try {
                            return RetentionJson.readRules(json);
                          } catch (IllegalArgumentException e) {
                            throw Problem.verificationFailed(
                                    "the retention policy %s is damaged: %s"
                                        .formatted(key, e.getMessage()),
                                    "Nothing is deleted by rules that cannot be understood; look"
                                        + " at the object.")
                                .causedBy(e);
                          }
                        }));
  }

  private Optional<ObjectKey> newestKey(StoreFolder prefix) {
    List<ObjectKey> keys = documents.in(new ArchiveLayout(prefix).policies());
    return keys.isEmpty() ? Optional.empty() : Optional.of(keys.getLast());
  }

  /// Stores rules unless they are the newest there already.
  ///
  /// @param writtenBy for whoever reads it later: `agent on db-1`
  /// @return whether they were stored now
  public boolean store(StoreFolder prefix, RetentionRules rules, String writtenBy) {
    if (newest(prefix).filter(rules::equals).isPresent()) {
      return false;
    }
    StoreFolder folder = new ArchiveLayout(prefix).policies();
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      Instant now = clock.instant();
      ObjectKey key = folder.key(NAME.format(later(now, newestKey(prefix))) + ".json");
      byte[] json = RetentionJson.write(rules, writtenBy, now);
      if (store.create(key, json, Map.of()) instanceof CreateOutcome.Created) {
        return true;
      }
    }
    throw Problem.refused(
            "others write retention policies into " + folder + " all the time",
            "Find out which other agent works on this lineage.")
        .asException();
  }

  /// A clock that was set back must not make a new policy an old one.
  private static Instant later(Instant now, Optional<ObjectKey> newest) {
    return newest
        .map(key -> key.name().replaceAll("\\.json$", ""))
        .flatMap(
            name -> {
              try {
                return Optional.of(Instant.from(NAME.parse(name)));
              } catch (DateTimeException _) {
                return Optional.<Instant>empty();
              }
            })
        .filter(stored -> !stored.isBefore(now.truncatedTo(ChronoUnit.MILLIS)))
        .map(stored -> stored.plusMillis(1))
        .orElse(now);
  }
}
