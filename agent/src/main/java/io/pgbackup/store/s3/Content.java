package io.pgbackup.store.s3;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.zip.CRC32C;
import software.amazon.awssdk.core.sync.RequestBody;

/// The first `length` bytes of an array, sent without copying them, and their checksum.
final class Content {
  private final byte[] bytes;
  private final int length;

  Content(byte[] bytes, int length) {
    this.bytes = bytes;
    this.length = length;
  }

  int length() {
    return length;
  }

  RequestBody body() {
    return RequestBody.fromContentProvider(
        () -> new ByteArrayInputStream(bytes, 0, length), length, "application/octet-stream");
  }

  /// As S3 wants it in a header: four bytes, big endian, in Base64.
  String crc32c() {
    var crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Base64.getEncoder()
        .encodeToString(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }
}
