package io.pgbackup.store;

import java.io.InputStream;
import java.util.Optional;
import java.util.stream.Stream;

/// What a bucket tells of its past, where it keeps every version of its objects. Failures are those
/// of [ObjectStore]; versions may be forbidden where objects are not.
///
/// Thread-safe; calls block.
public interface VersionedStore {
  /// Whether versions are kept.
  enum Keeping {
    KEPT,
    /// Kept once and no longer: what was overwritten since is lost.
    SUSPENDED,
    /// The credentials do not say; only the versions themselves will.
    UNKNOWN
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if the store has no versions, or the
  ///   bucket never kept any
  Keeping keeping();

  /// Every version of every object whose key begins with this text, and every mark of a deletion,
  /// page by page: by key, all of one key in a row. Close the stream.
  Stream<ObjectVersion> versions(String keyPrefix);

  /// The same of the objects directly inside a folder whose names begin with this text.
  Stream<ObjectVersion> versions(StoreFolder parent, String namePrefix);

  /// The folders directly inside this one that hold, or ever held, anything.
  ///
  /// @param most pages at most
  FolderListing foldersEver(StoreFolder parent, int most);

  /// One version with its user metadata; empty where it is gone by now.
  Optional<StoredObject> head(ObjectKey key, String versionId);

  /// Reads one version, as [ObjectStore#open] does.
  InputStream open(ObjectKey key, String versionId);
}
