package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.format.TarMember;
import io.pgbackup.engine.format.TarReader;
import io.pgbackup.postgres.ControlFile;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/// Reads the control file out of a backup in the archive: only it tells whether the pages had
/// checksums.
final class ParentControlFile {
  private static final int GREATEST = 64 << 10;

  private final ObjectStore store;
  private final BackupDocuments documents;
  private final ObjectCipher cipher;

  ParentControlFile(ObjectStore store, BackupDocuments documents, ObjectCipher cipher) {
    this.store = store;
    this.documents = documents;
    this.cipher = cipher;
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if it is not there,
  ///   `VerificationFailed` if it cannot be read
  ControlFile read(BackupName name) {
    StoredObject object =
        documents.tars(name).stream()
            .filter(tar -> tar.key().name().startsWith("pg_control.tar"))
            .findFirst()
            .orElseThrow(() -> DeltaChoice.refused("%s has no pg_control.tar".formatted(name)));
    String key = object.key().value();
    Packing packing = new Packing(Codec.ofTar(object.key()), cipher);
    try (InputStream stored = store.open(object.key());
        TarReader tar =
            new TarReader(
                packing.unpacking(stored, key, () -> documents.keyFingerprint(name)), key)) {
      Optional<TarMember> member = tar.next();
      while (member.filter(it -> it.kind() != TarMember.Kind.FILE).isPresent()) {
        member = tar.next();
      }
      return ControlFile.parse(tar.content().readNBytes(GREATEST));
    } catch (IOException e) {
      throw Problem.readingBrokeOff(object.key(), e);
    } catch (IllegalArgumentException e) {
      throw DeltaChoice.refused("%s cannot be used: %s".formatted(key, e.getMessage()));
    }
  }
}
