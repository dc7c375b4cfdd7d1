package io.pgbackup.engine.walg;

import java.util.Arrays;
import java.util.stream.Collectors;

/// What a session may do, as S3 is told it.
final class SessionPolicy {
  private SessionPolicy() {}

  /// To list a bucket, and these actions on every object in it.
  static String in(String bucket, String... actions) {
    return on(bucket, "*", actions);
  }

  /// To list a bucket, to read it, and these actions on some of its objects.
  ///
  /// @param keys with `*` for any text
  static String on(String bucket, String keys, String... actions) {
    return """
        {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::%1$s"]},
          {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::%1$s/*"]},
          {"Effect": "Allow", "Action": [%3$s], "Resource": ["arn:aws:s3:::%1$s/%2$s"]}]}
        """
        .formatted(
            bucket,
            keys,
            Arrays.stream(actions).map("\"%s\""::formatted).collect(Collectors.joining(", ")));
  }
}
