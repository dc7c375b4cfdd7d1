package io.pgbackup.lineage;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Leases in the store: one at a time may hold a name, for as long as it renews it. They keep two
/// base backups of one lineage apart, and retention away from a restore.
///
/// A lease is `pgbackup/leases/<name>.json`, written with `If-Match` and at most once a second. It
/// rests on clocks that agree to within its length: whoever finds it expired by its own clock takes
/// it over. Nothing is ever deleted, so a holder without that right can release it.
///
/// Thread-safe.
public final class Leases {
  private static final Logger LOGGER = LoggerFactory.getLogger(Leases.class);
  private static final Duration DEFAULT_LENGTH = Duration.ofSeconds(60);
  private static final int ATTEMPTS = 3;
  private static final Duration AGAIN = Duration.ofSeconds(2);

  private final ObjectStore store;
  private final Clock clock;
  private final Duration length;
  private final Pause pause;
  private final Set<String> abandoned = ConcurrentHashMap.newKeySet();

  /// How a write waits for its second; a test moves its clock instead.
  @FunctionalInterface
  interface Pause {
    void of(Duration duration) throws InterruptedException;
  }

  public Leases(ObjectStore store, Clock clock) {
    this(store, clock, DEFAULT_LENGTH, Thread::sleep);
  }

  /// @param length how long a lease outlives its last renewal; renewed at a third of it
  Leases(ObjectStore store, Clock clock, Duration length, Pause pause) {
    this.store = store;
    this.clock = clock;
    this.length = length;
    this.pause = pause;
  }

  /// @param prefix the lineage's folder
  /// @param name what is held, for example `backup`: a file's name
  /// @param holder who holds it, for whoever is refused: `base backup on db-1, process 4711`
  /// @return the lease, renewed by a thread of its own until it is closed
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if somebody else holds it
  public Lease acquire(StoreFolder prefix, String name, String holder) {
    ObjectKey key = new ArchiveLayout(prefix).leases().key(name + ".json");
    String token = UUID.randomUUID().toString();
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      Optional<Standing> standing = read(key);
      standing.ifPresent(this::refuseUnlessExpired);
      LeaseDocument ours = new LeaseDocument(holder, token, clock.instant().plus(length));
      Optional<String> version = take(key, ours, standing.map(Standing::version));
      if (version.isPresent()) {
        Lease lease = new Lease(this, key, ours, version.get());
        lease.startRenewing(length.dividedBy(3));
        return lease;
      }
    }
    throw Problem.refused(
            "the lease " + key + " changes hands all the time",
            "Others want it as well; try again in a minute.")
        .asException();
  }

  /// The same, where a store that does not answer is asked again and again.
  ///
  /// @param patience no attempt begins later than this after the first
  public Lease acquire(StoreFolder prefix, String name, String holder, Duration patience) {
    Instant end = clock.instant().plus(patience);
    for (boolean told = false; ; told = true) {
      try {
        return acquire(prefix, name, holder);
      } catch (PgBackupException e) {
        if (!e.problem().retryMayHelp() || clock.instant().plus(AGAIN).isAfter(end)) {
          throw e;
        }
        if (!told) {
          LOGGER
              .atWarn()
              .addKeyValue("lease", name)
              .addKeyValue("problem", e.problem().message())
              .log("waiting for the store to take a lease");
        }
        waitAgain(e);
      }
    }
  }

  private void waitAgain(PgBackupException reason) {
    try {
      pause.of(AGAIN);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw reason;
    }
  }

  /// A lease that somebody holds now.
  public record Held(String name, String holder, Instant expiresAt) {}

  /// The leases that are held now.
  ///
  /// @param prefix the lineage's folder
  /// @param namePrefix what their names begin with
  public List<Held> held(StoreFolder prefix, String namePrefix) {
    List<ObjectKey> keys;
    try (Stream<StoredObject> objects =
        store.list(new ArchiveLayout(prefix).leases().path() + namePrefix)) {
      keys = objects.map(StoredObject::key).filter(key -> key.name().endsWith(".json")).toList();
    }
    return keys.stream()
        .flatMap(key -> read(key).stream())
        .filter(standing -> clock.instant().isBefore(standing.document.expiresAt()))
        .map(
            standing ->
                new Held(
                    standing.key.name().replaceAll("\\.json$", ""),
                    standing.document.holder(),
                    standing.document.expiresAt()))
        .toList();
  }

  // A store that fails may have written it all the same; then nobody works under it.
  private Optional<String> take(ObjectKey key, LeaseDocument ours, Optional<String> expected) {
    try {
      return replace(key, ours, expected);
    } catch (PgBackupException e) {
      abandon(ours);
      throw e;
    }
  }

  /// Writes a lease that is held.
  ///
  /// @param expected the version that its holder knows
  /// @return the new version, or nothing if somebody else holds it now, or held it meanwhile
  Optional<String> write(ObjectKey key, LeaseDocument document, String expected) {
    Optional<String> version = replace(key, document, Optional.of(expected));
    if (version.isPresent()) {
      return version;
    }
    // a write of ours that failed, as we were told, and was done all the same
    return read(key)
        .filter(now -> now.document.token().equals(document.token()))
        .flatMap(now -> replace(key, document, Optional.of(now.version)));
  }

  private Optional<String> replace(
      ObjectKey key, LeaseDocument document, Optional<String> expected) {
    return store
        .replace(key, document.toJson(), expected)
        // a lost answer of ours, retried below us, looks like somebody else's write
        .or(() -> read(key).filter(now -> now.document.equals(document)).map(Standing::version));
  }

  /// Its holder, in this process, has ended without being able to say so in the store: it is free
  /// for the next one here.
  void abandon(LeaseDocument document) {
    abandoned.add(document.token());
  }

  private record Standing(ObjectKey key, LeaseDocument document, String version) {}

  private Optional<Standing> read(ObjectKey key) {
    // the version first: if the content changes in between, the write with this version fails
    Optional<String> version = store.head(key).map(StoredObject::version);
    if (version.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream in = store.open(key)) {
      return Optional.of(new Standing(key, LeaseDocument.parse(in.readAllBytes()), version.get()));
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.NotFound) {
        return Optional.empty();
      }
      throw e;
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "the lease " + key + " cannot be read: " + e.getMessage(), "Try again.")
          .causedBy(e);
    } catch (IllegalArgumentException e) {
      throw Problem.refused(
              "the lease " + key + " is damaged: " + e.getMessage(),
              "If nothing runs on this lineage, remove the object.")
          .causedBy(e);
    }
  }

  private void refuseUnlessExpired(Standing standing) {
    LeaseDocument document = standing.document;
    if (clock.instant().isBefore(document.expiresAt()) && !abandoned.contains(document.token())) {
      throw Problem.refused(
              "%s is held by %s until %s"
                  .formatted(standing.key, document.holder(), document.expiresAt()),
              "Wait until it has finished. If it has died, its lease ends at that time by itself.")
          .asException();
    }
  }

  Optional<Instant> modified(ObjectKey key) {
    return store.head(key).map(StoredObject::modified);
  }

  Instant now() {
    return clock.instant();
  }

  Duration length() {
    return length;
  }

  void pause(Duration duration) throws InterruptedException {
    pause.of(duration);
  }
}
