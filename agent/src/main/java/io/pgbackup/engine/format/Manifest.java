package io.pgbackup.engine.format;

import java.util.List;

/// The beginning of `pgbackup/manifests/<backup>.json.zst`, which lists what a base backup of ours
/// consists of, so that a restore can prove that it is whole. WAL-G knows nothing of it.
///
/// One JSON document: `version`, `backup`, `tablespaces`, then `files` with one object for each
/// regular file, written and read as a stream. A delta's lists every file that a restore leaves,
/// those of its parent's too, so that it can be checked by itself. Compressed with zstd, never
/// encrypted by itself.
///
/// @param version of this format
/// @param backup the backup it belongs to
public record Manifest(int version, BackupName backup, List<Tablespace> tablespaces) {
  public static final int VERSION = 1;

  /// @param oid the tablespace's number, which is also its name below `pg_tblspc`
  /// @param name as in `pg_tablespace`
  /// @param location where its files lay
  public record Tablespace(String oid, String name, String location) {}

  public Manifest {
    tablespaces = List.copyOf(tablespaces);
  }

  public Manifest(BackupName backup, List<Tablespace> tablespaces) {
    this(VERSION, backup, tablespaces);
  }
}
