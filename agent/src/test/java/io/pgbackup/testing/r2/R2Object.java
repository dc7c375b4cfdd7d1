package io.pgbackup.testing.r2;

import io.pgbackup.testing.SignedRequest;
import java.time.Instant;
import java.util.Map;

/// An object, or a part of one.
///
/// @param tag with its quotes
record R2Object(byte[] content, String tag, Map<String, String> metadata, Instant modified) {
  static R2Object of(byte[] content, Map<String, String> metadata) {
    String tag = "\"" + SignedRequest.hex(SignedRequest.digest("MD5", content)) + "\"";
    return new R2Object(content, tag, metadata, Instant.now());
  }
}
