package io.pgbackup.store;

import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A bucket, or a directory that stands for one. All failures are
/// [io.pgbackup.problem.PgBackupException] with `StorageFailed`, `NotFound` (bucket, `open` of a
/// missing key) or `Misconfigured`. Faults that may pass (connection, 429, 5xx) were retried with
/// backoff before they are thrown.
///
/// Thread-safe; calls block.
public interface ObjectStore extends AutoCloseable {
  /// Every object whose key begins with this text, in key order, fetched page by page. Close the
  /// stream. User metadata is left out.
  Stream<StoredObject> list(String keyPrefix);

  /// The same from behind a text that need be no key, in byte order: what is before it costs
  /// nothing.
  default Stream<StoredObject> listAfter(String keyPrefix, String after) {
    return list(keyPrefix)
        .filter(object -> ObjectKey.BYTE_ORDER.compare(object.key().value(), after) > 0);
  }

  /// The objects directly inside this folder whose names begin with this text, in order, without
  /// listing what its folders hold; otherwise as [#list].
  Stream<StoredObject> objects(StoreFolder parent, String namePrefix);

  /// The folders directly inside this one, in order, without listing what they hold. The objects
  /// directly inside cost pages too.
  List<StoreFolder> folders(StoreFolder parent);

  /// The same, by so many pages at most.
  ///
  /// @param most at least 1
  FolderListing folders(StoreFolder parent, int most);

  /// The object with its user metadata, or nothing where the store says that it does not exist.
  /// "Forbidden" is a failure, never absence.
  Optional<StoredObject> head(ObjectKey key);

  /// Reading the stream fails with a [io.pgbackup.problem.PgBackupException] as well, never with an
  /// `IOException` unless it was closed; so an `IOException` of a decoder around it is the
  /// decoder's.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is no such object
  InputStream open(ObjectKey key);

  /// Writes the whole object if none of that name exists (`If-None-Match: *`), with its CRC32C as a
  /// header. A lost answer is retried; what this very call wrote counts as created.
  CreateOutcome create(ObjectKey key, byte[] content, Map<String, String> metadata);

  /// As [#create(ObjectKey, byte[], Map)], of an array's beginning, which it does not hold on to.
  default CreateOutcome create(
      ObjectKey key, byte[] content, int length, Map<String, String> metadata) {
    return create(
        key, length == content.length ? content : Arrays.copyOf(content, length), metadata);
  }

  /// Begins an upload of unknown length, create-only as well.
  ObjectUpload upload(ObjectKey key, Map<String, String> metadata);

  /// Writes a mutable object. With an expected version only if the object still has it, without one
  /// only if no object exists.
  ///
  /// @return the new version, or nothing if somebody else was first
  Optional<String> replace(ObjectKey key, byte[] content, Optional<String> expectedVersion);

  /// Deletes; keys that do not exist count as deleted.
  ///
  /// @return keys that still exist because the store refused
  List<ObjectKey> delete(Collection<ObjectKey> keys);

  /// As [#delete], with what the store said of each key that it refused.
  default Map<ObjectKey, String> deleteOrExplain(Collection<ObjectKey> keys) {
    return delete(keys).stream()
        .collect(Collectors.toMap(Function.identity(), _ -> "the store refused"));
  }

  /// Uploads in parts below this folder that nobody has completed, as far as the store shows them;
  /// a store that has no such thing has none.
  default List<UnfinishedUpload> unfinishedUploads(StoreFolder folder) {
    return List.of();
  }

  /// Gives up such an upload; one that is gone already is as good.
  default void abort(UnfinishedUpload upload) {}

  /// This store for work that would rather wait than be begun again: what fails although it may
  /// pass is tried for so long before it is thrown. It ends with this store and needs no closing;
  /// an interrupt ends the waiting.
  default ObjectStore patient(Duration patience) {
    return this;
  }

  /// What a person calls this store: `s3://backups` or `file:///mnt/backups`.
  String url();

  @Override
  void close();
}
