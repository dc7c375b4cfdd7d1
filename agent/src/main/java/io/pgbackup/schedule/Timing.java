package io.pgbackup.schedule;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;

/// When something comes: a crontab, where its clock hangs, and how much later than that.
///
/// @param delay for each of its times, so that many clusters with one crontab do not come at once
public record Timing(Crontab crontab, ZoneId zone, Duration delay) {
  /// Exactly when the crontab says.
  public Timing(Crontab crontab, ZoneId zone) {
    this(crontab, zone, Duration.ZERO);
  }

  /// Later by whole seconds, less than `jitter`, that follow from the name alone: the same after a
  /// restart, on another host and in whatever else asks.
  ///
  /// @param name of what comes, unlike all that shall come at other times
  public static Timing spread(Crontab crontab, ZoneId zone, Duration jitter, String name) {
    long seconds = Math.max(1, jitter.toSeconds());
    return new Timing(crontab, zone, Duration.ofSeconds(Math.floorMod(hash(name), seconds)));
  }

  /// The first time after this instant.
  public Optional<Instant> firstAfter(Instant instant) {
    Instant earlier = instant.minus(delay);
    return CronTriggers.of("schedule", crontab, zone, earlier)
        .firstAfter(earlier)
        .map(time -> time.plus(delay));
  }

  /// Names that differ in one letter must not lie one second apart, as with [String#hashCode].
  private static long hash(String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
