package io.pgbackup.engine.format;

import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import java.util.Optional;

/// Where everything lies below one lineage's prefix. `basebackups_005` and `wal_005` are WAL-G's;
/// what WAL-G has no place for lies under `pgbackup/`.
public record ArchiveLayout(StoreFolder prefix) {
  public static final String SENTINEL_SUFFIX = "_backup_stop_sentinel.json";

  public StoreFolder baseBackups() {
    return prefix.folder("basebackups_005");
  }

  public StoreFolder wal() {
    return prefix.folder("wal_005");
  }

  public StoreFolder own() {
    return prefix.folder("pgbackup");
  }

  public ObjectKey claim() {
    return own().key("claim.json");
  }

  /// Written by a restore to learn whether it may write here.
  public ObjectKey probe() {
    return own().key("restore.probe");
  }

  public StoreFolder leases() {
    return own().folder("leases");
  }

  public StoreFolder policies() {
    return own().folder("policy");
  }

  public StoreFolder holds() {
    return own().folder("holds");
  }

  /// What somebody has said of missing WAL.
  public StoreFolder gaps() {
    return own().folder("gaps");
  }

  /// Verdicts of drills.
  public StoreFolder drills() {
    return own().folder("drills");
  }

  /// Which WAL segments a listing once showed.
  public StoreFolder index() {
    return own().folder("index");
  }

  public StoreFolder manifests() {
    return own().folder("manifests");
  }

  /// Pieces of segments that were streamed and not whole yet, a folder for each segment.
  public StoreFolder streamed() {
    return own().folder("stream");
  }

  public StoreFolder streamed(WalSegment segment) {
    return streamed().folder(segment.fileName());
  }

  public ObjectKey manifest(BackupName name) {
    return manifests().key(name + ".json.zst");
  }

  public ObjectKey sentinel(BackupName name) {
    return baseBackups().key(name + SENTINEL_SUFFIX);
  }

  /// The backup whose sentinel this is; nothing for any other object.
  public Optional<BackupName> backupOf(ObjectKey sentinel) {
    String file = sentinel.name();
    return file.endsWith(SENTINEL_SUFFIX) && sentinel.equals(baseBackups().key(file))
        ? BackupName.tryParse(file.substring(0, file.length() - SENTINEL_SUFFIX.length()))
        : Optional.empty();
  }

  public StoreFolder backup(BackupName name) {
    return baseBackups().folder(name.value());
  }

  public ObjectKey metadata(BackupName name) {
    return backup(name).key("metadata.json");
  }

  public ObjectKey filesMetadata(BackupName name) {
    return backup(name).key("files_metadata.json");
  }

  /// Where this stands, the backup must not be used although its sentinel stands. Among the
  /// backup's own objects, so that it is listed and deleted with them.
  public ObjectKey withdrawal(BackupName name) {
    return backup(name).key("pgbackup-withdrawn.json");
  }

  public StoreFolder tarPartitions(BackupName name) {
    return backup(name).folder("tar_partitions");
  }

  public ObjectKey wal(WalFileName name, Codec codec) {
    return wal().key(name.text() + codec.extension());
  }
}
