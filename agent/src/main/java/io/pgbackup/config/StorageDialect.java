package io.pgbackup.config;

/// What a store in S3 does otherwise than AWS; `pgbackup doctor` finds it out. Nothing here makes a
/// store without create-only usable. Immutable.
///
/// @param checksum by which it learns what a body must be
/// @param batchDelete whether it knows DeleteObjects; otherwise objects are deleted one by one
public record StorageDialect(Checksum checksum, boolean batchDelete) {
  public static final StorageDialect DEFAULT = new StorageDialect(Checksum.CRC32C, true);

  /// A header of each PutObject and UploadPart.
  public enum Checksum {
    /// `x-amz-checksum-crc32c`
    CRC32C,
    /// `Content-MD5`, which every S3 knows and which costs more CPU.
    MD5
  }
}
