package io.pgbackup.credentials.minio;

import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.Optional;

/// How long a session lives: long enough that the broker may be away for hours, except for the one
/// that deletes.
final class TimesToLive {
  static final Duration SHORTEST = Duration.ofMinutes(15);
  static final Duration LONGEST = Duration.ofHours(12);

  private TimesToLive() {}

  /// @throws io.pgbackup.problem.PgBackupException `Refused` outside of 15 minutes to 12 hours
  static Duration of(Role role, Optional<Duration> asked) {
    Duration time = asked.orElse(usual(role));
    if (time.compareTo(SHORTEST) < 0 || time.compareTo(LONGEST) > 0) {
      throw Problem.refused(
              "a credential of MinIO lives 15 minutes to 12 hours, not " + words(time),
              "Ask for a time in between; a new one can be issued at any time.")
          .asException();
    }
    return time;
  }

  private static Duration usual(Role role) {
    return switch (role) {
      case ARCHIVER, RESTORER -> LONGEST;
      case RETENTION -> Duration.ofHours(1);
    };
  }

  private static String words(Duration time) {
    return time.toString().substring(2).toLowerCase(java.util.Locale.ROOT);
  }
}
