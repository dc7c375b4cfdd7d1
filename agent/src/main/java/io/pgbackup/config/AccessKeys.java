package io.pgbackup.config;

import java.util.Optional;

/// An S3 key that was given as it is, not in files. Never printed.
public record AccessKeys(
    String accessKeyId, String secretAccessKey, Optional<String> sessionToken) {
  @Override
  public String toString() {
    return "AccessKeys[***]";
  }
}
