package io.pgbackup.drill;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/// The verdicts of a lineage, `pgbackup/drills/<UTC time>-<random>.json`: one new object for each
/// drill, never overwritten. Thread-safe.
public final class DrillVerdicts {
  private static final DateTimeFormatter NAME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final int GREATEST = 16 << 20;

  private final ObjectStore store;

  public DrillVerdicts(ObjectStore store) {
    this.store = store;
  }

  /// @param prefix the lineage's folder
  /// @return where it lies now
  /// @throws PgBackupException `StorageFailed` where the credential may not write there
  public ObjectKey store(StoreFolder prefix, DrillVerdict verdict) {
    String name = NAME.format(verdict.at()) + "-" + UUID.randomUUID().toString().substring(0, 8);
    ObjectKey key = new ArchiveLayout(prefix).drills().key(name + ".json");
    if (store.create(key, DrillJson.write(verdict), Map.of())
        instanceof CreateOutcome.AlreadyThere) {
      throw Problem.storageFailed(key + " is taken", "Run the drill again.").asException();
    }
    return key;
  }

  /// @return nothing where no drill was ever stored
  /// @throws PgBackupException `VerificationFailed` if the newest cannot be understood
  public Optional<DrillVerdict> newest(StoreFolder prefix) {
    return keys(prefix, 1).stream().findFirst().map(this::read);
  }

  /// Where the newest lie, the newest first. One LIST.
  ///
  /// @param prefix the lineage's folder
  public List<ObjectKey> keys(StoreFolder prefix, int most) {
    try (Stream<StoredObject> listing = store.list(new ArchiveLayout(prefix).drills().path())) {
      return listing
          .map(StoredObject::key)
          .filter(key -> key.name().endsWith(".json"))
          .sorted(Comparator.reverseOrder())
          .limit(most)
          .toList();
    }
  }

  /// @throws PgBackupException `VerificationFailed` if it cannot be understood
  public DrillVerdict read(ObjectKey key) {
    try (InputStream stored = store.open(key)) {
      return DrillJson.read(stored.readNBytes(GREATEST));
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "reading " + key + " broke off: " + e.getMessage(), "Try again.")
          .causedBy(e);
    } catch (IllegalArgumentException e) {
      throw Problem.verificationFailed(
              key + " is " + e.getMessage(), "Look at the object; a new drill makes a newer one.")
          .causedBy(e);
    }
  }
}
