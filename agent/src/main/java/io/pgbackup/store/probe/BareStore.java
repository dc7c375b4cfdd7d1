package io.pgbackup.store.probe;

import io.pgbackup.config.StorageDialect.Checksum;
import io.pgbackup.store.ObjectKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A bucket asked request by request. What the store refuses is an [Answer], told as it came;
/// nothing is settled or looked up behind it, as the store's ordinary client does.
///
/// Every method throws [io.pgbackup.problem.PgBackupException] only where no answer came: no
/// connection, a certificate that is not trusted, no credentials. Thread-safe; calls block.
public interface BareStore extends AutoCloseable {
  /// @param tag the ETag
  /// @param version empty where the bucket keeps no versions
  record Written(String tag, Optional<String> version) {}

  /// The first page of the keys that begin so, in order, each with its ETag.
  default Answer<Map<String, String>> list(String keyPrefix) {
    return list(keyPrefix, "");
  }

  /// @param after only keys behind this text
  Answer<Map<String, String>> list(String keyPrefix, String after);

  /// @return the ETag
  Answer<String> head(ObjectKey key);

  Answer<byte[]> get(ObjectKey key);

  /// With the content's checksum as the configuration has it.
  Answer<Written> put(ObjectKey key, byte[] content, Condition condition);

  /// Whatever stands there, with this checksum.
  Answer<Written> put(ObjectKey key, byte[] content, Checksum checksum);

  /// With this checksum of other content.
  Answer<Written> putDamaged(ObjectKey key, byte[] content, Checksum checksum);

  /// @return the upload's id
  Answer<String> beginUpload(ObjectKey key);

  /// @return the part's ETag
  Answer<String> uploadPart(ObjectKey key, String upload, byte[] content);

  /// Of an upload of one part.
  Answer<Written> completeUpload(
      ObjectKey key, String upload, String tag, byte[] content, Condition condition);

  Answer<String> abortUpload(ObjectKey key, String upload);

  /// In one request for all, or one by one as the configuration has it.
  ///
  /// @return the keys that the store refused to delete, with the error's code
  Answer<Map<ObjectKey, String>> delete(List<ObjectKey> keys);

  /// With a request for each key.
  ///
  /// @return as [#delete(List)]
  Answer<Map<ObjectKey, String>> deleteOneByOne(List<ObjectKey> keys);

  /// @return `Enabled`, `Suspended`, or `off`
  Answer<String> versioning();

  /// @return the default retention, such as `COMPLIANCE 14 days`; `none` where locks are possible
  ///   and no default is set
  Answer<String> objectLock();

  /// Where it lies, for messages: `bucket 'backups' at https://minio.example:9000`.
  String where();

  @Override
  void close();
}
