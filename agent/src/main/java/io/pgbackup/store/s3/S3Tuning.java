package io.pgbackup.store.s3;

import java.time.Duration;

/// How hard the client tries, and how much memory it takes.
///
/// @param partSize bytes of each part of a multipart upload but its last; at least 5 MiB on AWS
/// @param partBuffers parts in memory at once, over all uploads of a store
/// @param partThreads parts of one upload under way at once
/// @param attempts of one request, the first included
/// @param backoff before the second attempt, longer before each further one
/// @param longestBackoff between two attempts
record S3Tuning(
    int partSize,
    int partBuffers,
    int partThreads,
    int attempts,
    Duration backoff,
    Duration longestBackoff) {
  static final S3Tuning DEFAULT =
      new S3Tuning(8 << 20, 4, 2, 8, Duration.ofMillis(100), Duration.ofSeconds(5));
}
