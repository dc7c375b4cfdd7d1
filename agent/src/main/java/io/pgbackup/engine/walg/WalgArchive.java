package io.pgbackup.engine.walg;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.util.List;
import java.util.stream.Stream;

/// What WAL-G does with an archive beside filling it: judges its WAL and deletes from it.
/// Thread-safe.
public final class WalgArchive {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Walg walg;
  private final ObjectStore store;
  private final ArchiveLayout layout;

  WalgArchive(Walg walg, ObjectStore store, ArchiveLayout layout) {
    this.walg = walg;
    this.store = store;
    this.layout = layout;
  }

  /// WAL-G's opinion.
  public enum Verdict {
    OK,
    /// The newest segments may be on their way.
    WARNING,
    FAILURE
  }

  /// What `wal-verify integrity timeline` found.
  ///
  /// @param integrity whether all segments from the oldest backup to now are there
  /// @param timeline whether the archive has no newer timeline than the server
  public record Verification(Verdict integrity, Verdict timeline) {}

  /// Asks WAL-G whether the archive holds the running server's WAL without a gap.
  ///
  /// @throws PgBackupException `VerificationFailed` if it gives no answer that can be understood
  public Verification verify() {
    String json = String.join("\n", walg.verify(layout));
    try {
      JsonNode document = JSON.readTree(json);
      return new Verification(verdict(document, "integrity"), verdict(document, "timeline"));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw Problem.verificationFailed(
              "wal-g wal-verify succeeded, and what it printed is no verdict",
              "Check that engine.walgBinary is wal-g itself.")
          .causedBy(e);
    }
  }

  private static Verdict verdict(JsonNode document, String check) {
    return Verdict.valueOf(document.path(check).path("status").asText());
  }

  /// Deletes a base backup, and every delta that stands on it, with `delete target`. WAL-G calls
  /// that a success also where it had no right to: whether the backup is gone is looked up.
  ///
  /// @throws PgBackupException `NotFound` if there is no such backup, `StorageFailed` if something
  ///   of it is left
  public void delete(BackupName name) {
    if (store.head(layout.sentinel(name)).isEmpty()) {
      throw Problem.notFound(
              "there is no base backup " + name, "List the base backups and choose one of them.")
          .asException();
    }
    walg.delete(layout, name);
    List<StoredObject> left;
    try (Stream<StoredObject> objects =
        store.list(layout.baseBackups().key(name.value()).value())) {
      left = objects.filter(object -> isOf(name, object)).toList();
    }
    if (!left.isEmpty()) {
      throw Problem.storageFailed(
              "wal-g delete reported success, and %d objects of %s are still there, %s first"
                  .formatted(left.size(), name, left.getFirst().key()),
              "The credentials may not delete, or the objects are locked.")
          .asException();
    }
  }

  /// A delta's name begins like that of the full backup in the same segment.
  private boolean isOf(BackupName name, StoredObject object) {
    String key = object.key().value();
    return key.equals(layout.sentinel(name).value()) || key.startsWith(layout.backup(name).path());
  }
}
