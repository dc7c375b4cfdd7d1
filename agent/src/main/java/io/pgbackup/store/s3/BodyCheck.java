package io.pgbackup.store.s3;

import io.pgbackup.config.StorageDialect.Checksum;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/// Tells the store what a body must be, in the header that it knows. Either refuses what was
/// damaged on its way.
record BodyCheck(Checksum checksum) {
  void of(PutObjectRequest.Builder request, Content content) {
    switch (checksum) {
      case CRC32C -> request.checksumCRC32C(content.crc32c());
      case MD5 -> request.contentMD5(content.md5());
    }
  }

  void of(UploadPartRequest.Builder request, Content content) {
    switch (checksum) {
      case CRC32C -> request.checksumCRC32C(content.crc32c());
      case MD5 -> request.contentMD5(content.md5());
    }
  }

  /// Of an upload, to which its parts and their list have to fit.
  void ofUpload(CreateMultipartUploadRequest.Builder request) {
    if (checksum == Checksum.CRC32C) {
      request.checksumAlgorithm(ChecksumAlgorithm.CRC32_C);
    }
  }

  CompletedPart part(int number, String tag, Content content) {
    CompletedPart.Builder part = CompletedPart.builder().partNumber(number).eTag(tag);
    if (checksum == Checksum.CRC32C) {
      part.checksumCRC32C(content.crc32c());
    }
    return part.build();
  }
}
