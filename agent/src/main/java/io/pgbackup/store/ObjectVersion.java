package io.pgbackup.store;

import java.time.Instant;

/// One version of an object in a bucket that keeps them, or a mark that the object was deleted.
///
/// @param id names it for reading; `null` in letters where it was written before the bucket kept
///   versions
/// @param written the store's clock, in whole seconds on AWS; of an object that was uploaded in
///   parts AWS tells when its upload began
/// @param newest whether it is what the bucket shows now
/// @param deletion whether it marks a deletion, and so has neither size nor tag
/// @param size bytes
/// @param tag its ETag
public record ObjectVersion(
    ObjectKey key,
    String id,
    Instant written,
    boolean newest,
    boolean deletion,
    long size,
    String tag) {
  /// The id of what was written while the bucket kept no versions.
  public static final String UNVERSIONED = "null";

  public boolean isVersioned() {
    return !id.equals(UNVERSIONED);
  }
}
