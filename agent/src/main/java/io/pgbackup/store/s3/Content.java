package io.pgbackup.store.s3;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.sync.RequestBody;

/// The first `length` bytes of an array, sent without copying them, and their checksum. Not
/// thread-safe.
final class Content {
  private final byte[] bytes;
  private final int length;
  private @Nullable String crc32c;

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

  /// As S3 wants it in `Content-MD5`.
  String md5() {
    try {
      // S3 asks for it by this name; it guards against damage, not against people
      MessageDigest md5 = MessageDigest.getInstance("MD5");
      md5.update(bytes, 0, length);
      return Base64.getEncoder().encodeToString(md5.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// As S3 wants it in a header: four bytes, big endian, in Base64.
  String crc32c() {
    String known = crc32c;
    if (known == null) {
      var crc = new CRC32C();
      crc.update(bytes, 0, length);
      byte[] octets = ByteBuffer.allocate(4).putInt((int) crc.getValue()).array();
      known = Base64.getEncoder().encodeToString(octets);
      crc32c = known;
    }
    return known;
  }
}
