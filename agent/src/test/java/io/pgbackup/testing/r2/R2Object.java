package io.pgbackup.testing.r2;

import io.pgbackup.testing.SignedRequest;
import java.time.Instant;
import java.util.Map;

/// An object, or a part of one.
final class R2Object {
  private final byte[] content;
  private final String tag;
  private final Map<String, String> metadata;
  private final Instant modified = Instant.now();

  R2Object(byte[] content, Map<String, String> metadata) {
    this.content = content;
    this.tag = "\"" + SignedRequest.hex(SignedRequest.digest("MD5", content)) + "\"";
    this.metadata = metadata;
  }

  byte[] content() {
    return content;
  }

  /// With its quotes.
  String tag() {
    return tag;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  Instant modified() {
    return modified;
  }
}
