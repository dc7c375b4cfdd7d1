package io.pgbackup.store;

import io.pgbackup.crypto.Marks;
import java.time.Instant;
import java.util.Map;

/// One object as a listing or a HEAD shows it.
///
/// @param size bytes
/// @param modified the store's clock; one-second resolution on S3
/// @param version opaque, changes with every write; what `If-Match` compares (the ETag on S3)
/// @param metadata user metadata with lower-case names; filled by `head` only, empty in listings
public record StoredObject(
    ObjectKey key, long size, Instant modified, String version, Map<String, String> metadata) {
  /// User metadata that holds the SHA-256 of the plaintext, 64 lower-case hexadecimal digits.
  public static final String SHA256 = Marks.SHA256;

  public StoredObject {
    metadata = Map.copyOf(metadata);
  }
}
