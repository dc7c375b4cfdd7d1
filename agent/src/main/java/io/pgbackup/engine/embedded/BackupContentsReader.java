package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.FilesMetadata;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.ManifestReader;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Reads a backup's documents and refuses what this version cannot restore.
final class BackupContentsReader {
  /// A sentinel has some hundred bytes and what user data its maker gave it.
  private static final int GREATEST_SENTINEL = 64 << 20;

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final ObjectCipher cipher;

  BackupContentsReader(ObjectStore store, ArchiveLayout layout, ObjectCipher cipher) {
    this.store = store;
    this.layout = layout;
    this.cipher = cipher;
  }

  BackupContents read(BackupName name) {
    Sentinel sentinel = sentinel(name);
    refuseWhatWeCannotRestore(name, sentinel);
    FilesMetadata files =
        sentinel.filesMetadataDisabled() ? FilesMetadata.NONE : filesMetadata(name);
    List<StoredObject> tars = tars(name, files);
    Predicate<StoredObject> comesLast =
        tar -> isControlFile(tar.key().name()) || isLabel(tar.key().name());
    List<StoredObject> last =
        tars.stream()
            .filter(comesLast)
            .sorted((a, b) -> Boolean.compare(isLabel(a.key().name()), isLabel(b.key().name())))
            .toList();
    return new BackupContents(
        name, tars.stream().filter(comesLast.negate()).toList(), last, files, manifest(name));
  }

  private Sentinel sentinel(BackupName name) {
    ObjectKey key = layout.sentinel(name);
    return open(key, stored -> Sentinel.read(stored.readNBytes(GREATEST_SENTINEL), key.value()))
        .orElseThrow(
            () ->
                Problem.notFound(
                        "there is no base backup " + name,
                        "List the base backups and choose one of them.")
                    .asException());
  }

  private static void refuseWhatWeCannotRestore(BackupName name, Sentinel sentinel) {
    sentinel
        .delta()
        .ifPresent(
            delta -> {
              throw Problem.refused(
                      name + ": delta backups cannot be restored by this version",
                      "Choose the full backup " + delta.full() + ".")
                  .asException();
            });
    sentinel
        .tablespaces()
        .filter(spec -> !spec.tablespaces().isEmpty())
        .ifPresent(
            spec -> {
              throw Problem.refused(
                      name
                          + " has "
                          + spec.tablespaces().size()
                          + " tablespaces, which this version cannot restore",
                      "Restore it with wal-g.")
                  .asException();
            });
  }

  private FilesMetadata filesMetadata(BackupName name) {
    ObjectKey key = layout.filesMetadata(name);
    return open(key, stored -> FilesMetadata.read(stored, key.value())).orElse(FilesMetadata.NONE);
  }

  private Optional<Map<String, ManifestFile>> manifest(BackupName name) {
    ObjectKey key = layout.manifest(name);
    return open(
        key,
        stored -> {
          Map<String, ManifestFile> files = new HashMap<>();
          Manifest manifest =
              ManifestReader.read(
                  stored, cipher, key.value(), file -> files.put(file.path(), file));
          if (!manifest.backup().equals(name)) {
            throw Problem.verificationFailed(
                    key + " is the manifest of " + manifest.backup(),
                    "Somebody copied objects by hand; look at the archive.")
                .asException();
          }
          return files;
        });
  }

  private List<StoredObject> tars(BackupName name, FilesMetadata files) {
    List<StoredObject> tars;
    try (Stream<StoredObject> listing = store.list(layout.tarPartitions(name).path())) {
      tars = listing.toList();
    }
    Set<String> present = tars.stream().map(tar -> tar.key().name()).collect(Collectors.toSet());
    List<String> missing = files.tars().stream().filter(t -> !present.contains(t)).toList();
    if (tars.isEmpty() || !missing.isEmpty()) {
      throw Problem.verificationFailed(
              name + " is not whole: " + (tars.isEmpty() ? "it has no tars" : missing + " missing"),
              "Something deleted them; choose another backup.")
          .asException();
    }
    return tars;
  }

  private static boolean isControlFile(String tar) {
    return tar.startsWith("pg_control.tar");
  }

  private static boolean isLabel(String tar) {
    return tar.startsWith("backup_label.tar");
  }

  private interface Reading<T> {
    T from(InputStream stored) throws IOException;
  }

  /// @return nothing where the store says that there is no such object
  private <T> Optional<T> open(ObjectKey key, Reading<T> reading) {
    try (InputStream stored = store.open(key)) {
      return Optional.of(reading.from(stored));
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.NotFound) {
        return Optional.empty();
      }
      throw e;
    } catch (IOException e) {
      throw SourceFailure.of(key, e);
    }
  }
}
