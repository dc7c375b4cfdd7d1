package io.pgbackup.cli.demo;

import java.nio.file.Path;
import java.util.Optional;

/// Where the demo's backups go.
///
/// @param url for `storage.url`
/// @param endpoint for `storage.endpoint`
/// @param description what it is, for the story
record DemoStore(String url, Optional<String> endpoint, Optional<Keys> keys, String description) {
  /// @param secret goes into a file and into the server's environment, never into an argument
  record Keys(String id, String secret) {}

  static DemoStore directory(Path folder, String why) {
    return new DemoStore(
        "file://" + folder,
        Optional.empty(),
        Optional.empty(),
        "a directory, %s (%s)".formatted(folder, why));
  }

  static DemoStore s3(String bucket, int port, Keys keys, String server) {
    String endpoint = "http://127.0.0.1:" + port;
    return new DemoStore(
        "s3://" + bucket,
        Optional.of(endpoint),
        Optional.of(keys),
        "s3://%s on %s at %s".formatted(bucket, server, endpoint));
  }
}
