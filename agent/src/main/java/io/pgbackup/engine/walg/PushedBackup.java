package io.pgbackup.engine.walg;

import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.engine.format.FilesMetadataReader;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a push left in the archive, read back.
///
/// @param name of the backup whose sentinel is new
record PushedBackup(ObjectStore store, ArchiveLayout layout, BackupName name) {
  private static final int GREATEST_SENTINEL = 64 << 20;

  /// @param parent that was checked before; a delta must stand on it
  /// @throws PgBackupException `Refused` if it is of another server, `VerificationFailed` if it is
  ///   not whole, or stands on another backup
  TakenBackup read(ServerFacts facts, Optional<BackupName> parent) throws IOException {
    Sentinel sentinel = sentinel();
    if (!sentinel.systemIdentifier().equals(Optional.of(facts.systemIdentifier()))) {
      throw Problem.refused(
              "wal-g backed up another server: %s has system identifier %s, and ours is %s"
                  .formatted(
                      name,
                      sentinel.systemIdentifier().map(Object::toString).orElse("none"),
                      facts.systemIdentifier()),
              "Delete it with 'wal-g delete target'; check section postgres.")
          .asException();
    }
    Optional<BackupName> base = sentinel.delta().map(DeltaOrigin::parent);
    if (base.isPresent() && !base.equals(parent)) {
      throw damaged("it stands on %s, which nobody checked".formatted(base.get()));
    }
    Listed listed = listed();
    requireWhole(listed);
    return new TakenBackup(
        name,
        present(sentinel.startLsn(), "LSN"),
        present(sentinel.finishLsn(), "FinishLSN"),
        time(sentinel.startTime(), "StartTime"),
        time(sentinel.finishTime(), "FinishTime"),
        listed.files(),
        sentinel.uncompressedSize(),
        sentinel.compressedSize(),
        listed.corrupt());
  }

  /// The tar of the label.
  ///
  /// @throws PgBackupException `VerificationFailed` if there is none
  ObjectKey label() {
    try (Stream<StoredObject> tars = store.list(layout.tarPartitions(name).path())) {
      return tars.map(StoredObject::key)
          .filter(tar -> tar.name().startsWith("backup_label.tar"))
          .findFirst()
          .orElseThrow(() -> damaged("its label is missing"));
    }
  }

  private Sentinel sentinel() throws IOException {
    ObjectKey key = layout.sentinel(name);
    try (InputStream stored = store.open(key)) {
      return Sentinel.read(stored.readNBytes(GREATEST_SENTINEL), key.value());
    }
  }

  /// @param corrupt with the first ten pages of each file, which are those that wal-g writes down
  private record Listed(long files, Set<String> tars, List<CorruptFile> corrupt) {}

  private Listed listed() throws IOException {
    AtomicLong files = new AtomicLong();
    Set<String> tars = new HashSet<>();
    List<CorruptFile> corrupt = new ArrayList<>();
    ObjectKey key = layout.filesMetadata(name);
    try (InputStream stored = store.open(key)) {
      FilesMetadataReader.read(
          stored,
          key.value(),
          new FilesMetadataReader.Visitor() {
            @Override
            public void file(String member, boolean incremented, boolean skipped, String modified) {
              files.incrementAndGet();
            }

            @Override
            public void corrupt(String member, List<Long> pages) {
              corrupt.add(new CorruptFile(member.replaceFirst("^/", ""), pages));
            }

            @Override
            public void tar(String tar) {
              tars.add(tar);
            }
          });
    }
    return new Listed(files.get(), Set.copyOf(tars), List.copyOf(corrupt));
  }

  private void requireWhole(Listed listed) {
    Set<String> stored;
    try (Stream<StoredObject> tars = store.list(layout.tarPartitions(name).path())) {
      stored = tars.map(tar -> tar.key().name()).collect(Collectors.toSet());
    }
    Set<String> missing = new HashSet<>(listed.tars());
    missing.removeAll(stored);
    boolean control = stored.stream().anyMatch(tar -> tar.startsWith("pg_control.tar"));
    boolean label = stored.stream().anyMatch(tar -> tar.startsWith("backup_label.tar"));
    if (!missing.isEmpty() || !control || !label) {
      throw damaged(
          missing.isEmpty() ? "its control file or its label is missing" : missing + " missing");
    }
  }

  private Lsn present(Optional<Lsn> lsn, String field) {
    return lsn.orElseThrow(() -> damaged("its sentinel has no " + field));
  }

  private Instant time(Optional<Instant> time, String field) {
    return time.orElseThrow(() -> damaged("its sentinel has no " + field));
  }

  private PgBackupException damaged(String reason) {
    return Problem.verificationFailed(
            "wal-g reported success, and %s is not whole: %s".formatted(name, reason),
            "Delete it with 'wal-g delete target', and take another base backup.")
        .asException();
  }
}
