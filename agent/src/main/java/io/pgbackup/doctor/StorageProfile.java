package io.pgbackup.doctor;

import java.util.Optional;

/// What a store does, as far as it was tried. Empty: not known, because the credential may not.
///
/// @param createOnly honours `If-None-Match: *` on PutObject
/// @param createOnlyParts the same on CompleteMultipartUpload
/// @param replaceIfMatch honours `If-Match` on PutObject
/// @param checksums refuses a body that does not fit its CRC32C
/// @param batchDelete answers DeleteObjects
/// @param dialect what `storage.dialect` should say
/// @param versions keeps what is overwritten or deleted
/// @param lock the default retention; `none` without one
public record StorageProfile(
    Optional<Boolean> createOnly,
    Optional<Boolean> createOnlyParts,
    Optional<Boolean> replaceIfMatch,
    Optional<Boolean> checksums,
    Optional<Boolean> batchDelete,
    Optional<Boolean> versions,
    Optional<String> lock,
    Dialect dialect) {
  /// As the configuration has it. Empty: not known.
  ///
  /// @param checksum `crc32c` or `md5`
  public record Dialect(Optional<String> checksum, Optional<Boolean> batchDelete) {}
}
