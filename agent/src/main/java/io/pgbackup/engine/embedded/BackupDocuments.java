package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.FilesMetadataReader;
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
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Reads what one archive says of its backups: nothing where the store says that a document does
/// not exist, `VerificationFailed` where it is not what it should be. Thread-safe.
public final class BackupDocuments {
  /// A sentinel has some hundred bytes and what user data its maker gave it.
  private static final int GREATEST_SENTINEL = 64 << 20;

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final ObjectCipher cipher;

  /// @param cipher with the keys to read manifests with
  public BackupDocuments(ObjectStore store, ArchiveLayout layout, ObjectCipher cipher) {
    this.store = store;
    this.layout = layout;
    this.cipher = cipher;
  }

  /// @return nothing where there is no such backup
  public Optional<Sentinel> sentinel(BackupName name) {
    ObjectKey key = layout.sentinel(name);
    return open(key, stored -> Sentinel.read(stored.readNBytes(GREATEST_SENTINEL), key.value()));
  }

  /// Of the key that the backup's objects are encrypted with, where its sentinel says so.
  Optional<String> keyFingerprint(BackupName name) {
    return sentinel(name).flatMap(Sentinel::keyFingerprint);
  }

  /// Whether it stands and must not be used.
  boolean isWithdrawn(BackupName name) {
    return store.head(layout.withdrawal(name)).isPresent();
  }

  /// What `metadata.json` says.
  public Optional<BackupMetadata> metadata(BackupName name) {
    ObjectKey key = layout.metadata(name);
    return open(
        key, stored -> BackupMetadata.read(stored.readNBytes(GREATEST_SENTINEL), key.value()));
  }

  /// @return whether there is such a document
  public boolean filesMetadata(BackupName name, FilesMetadataReader.Visitor visitor) {
    ObjectKey key = layout.filesMetadata(name);
    return open(
            key,
            stored -> {
              FilesMetadataReader.read(stored, key.value(), visitor);
              return true;
            })
        .isPresent();
  }

  /// Files by path, for a backup of ours.
  public Optional<Map<String, ManifestFile>> manifest(BackupName name) {
    Map<String, ManifestFile> files = new HashMap<>();
    return manifest(name, file -> files.put(file.path(), file)).map(_ -> files);
  }

  Optional<Manifest> manifest(BackupName name, Consumer<ManifestFile> files) {
    ObjectKey key = layout.manifest(name);
    return open(
        key,
        stored -> {
          Manifest manifest =
              ManifestReader.read(stored, cipher, key.value(), () -> keyFingerprint(name), files);
          if (!manifest.backup().equals(name)) {
            throw Problem.verificationFailed(
                    key + " is the manifest of " + manifest.backup(),
                    "Somebody copied objects by hand; look at the archive.")
                .asException();
          }
          return manifest;
        });
  }

  /// Every object in the folder of the backup's tars.
  public List<StoredObject> tars(BackupName name) {
    try (Stream<StoredObject> listing = store.list(layout.tarPartitions(name).path())) {
      return listing.toList();
    }
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
      throw Problem.readingBrokeOff(key, e);
    }
  }
}
