package io.pgbackup.engine;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Marks base backups as permanent, in their `metadata.json` and by WAL-G's rules: what a permanent
/// backup stands on is permanent too. Thread-safe.
public final class BackupMarks {
  private static final int ATTEMPTS = 5;
  private static final int GREATEST = 64 << 20;

  private final ObjectStore store;
  private final ArchiveLayout layout;

  public BackupMarks(ObjectStore store, ArchiveLayout layout) {
    this.store = store;
    this.layout = layout;
  }

  /// Marks a backup and everything that it stands on, the full backup first.
  ///
  /// @return those that were not permanent before, in this order
  /// @throws PgBackupException `NotFound` if one of them does not exist
  public List<BackupName> markPermanent(BackupName name) {
    List<BackupName> marked = new ArrayList<>();
    for (BackupName backup : withAncestors(name)) {
      if (write(backup, true)) {
        marked.add(backup);
      }
    }
    return marked;
  }

  /// Takes the mark off one backup; what it stands on keeps its own.
  ///
  /// @return whether it was permanent before
  /// @throws PgBackupException `NotFound` if there is none of that name, `Refused` if a permanent
  ///   backup stands on it
  public boolean markImpermanent(BackupName name) {
    sentinel(name);
    for (BackupName other : all()) {
      boolean child =
          sentinel(other).delta().map(DeltaOrigin::parent).filter(name::equals).isPresent();
      if (child && metadata(other).permanent()) {
        throw Problem.refused(
                "%s is permanent and stands on %s".formatted(other, name),
                "Take the mark off that one first.")
            .asException();
      }
    }
    return write(name, false);
  }

  private List<BackupName> withAncestors(BackupName name) {
    List<BackupName> chain = new ArrayList<>();
    Optional<BackupName> next = Optional.of(name);
    while (next.isPresent() && !chain.contains(next.get())) {
      chain.addFirst(next.get());
      next = sentinel(next.get()).delta().map(DeltaOrigin::parent);
    }
    return chain;
  }

  private List<BackupName> all() {
    try (Stream<StoredObject> objects = store.objects(layout.baseBackups(), "base_")) {
      return objects.flatMap(object -> layout.backupOf(object.key()).stream()).toList();
    }
  }

  private boolean write(BackupName name, boolean permanent) {
    ObjectKey key = layout.metadata(name);
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      StoredObject standing = store.head(key).orElseThrow(() -> missing(key));
      byte[] json = read(key);
      if (BackupMetadata.read(json, key.value()).permanent() == permanent) {
        return false;
      }
      byte[] marked = BackupMetadata.marked(json, permanent, key.value());
      if (store.replace(key, marked, Optional.of(standing.version())).isPresent()) {
        return true;
      }
    }
    throw Problem.refused(
            "somebody else keeps writing " + key, "Find out who else marks backups, and try again.")
        .asException();
  }

  private BackupMetadata metadata(BackupName name) {
    ObjectKey key = layout.metadata(name);
    return BackupMetadata.read(read(key), key.value());
  }

  private Sentinel sentinel(BackupName name) {
    ObjectKey key = layout.sentinel(name);
    return Sentinel.read(read(key), key.value());
  }

  private byte[] read(ObjectKey key) {
    try (InputStream stored = store.open(key)) {
      return stored.readNBytes(GREATEST);
    } catch (PgBackupException e) {
      throw e.problem() instanceof Problem.NotFound ? missing(key) : e;
    } catch (IOException e) {
      throw Problem.readingBrokeOff(key, e);
    }
  }

  private static PgBackupException missing(ObjectKey key) {
    return Problem.notFound(
            key + " does not exist", "List the base backups, 'pgbackup backups', and choose one.")
        .asException();
  }
}
