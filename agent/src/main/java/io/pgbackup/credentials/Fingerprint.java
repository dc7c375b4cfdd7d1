package io.pgbackup.credentials;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/// What tells that a file was changed or exchanged, without reading it. Links are followed, so the
/// swap of the `..data` of a mounted Secret is seen.
record Fingerprint(Instant modified, long size, @Nullable Object fileKey) {
  // A file may change again without a later time of modification while its clock tick lasts.
  private static final Duration TICK = Duration.ofSeconds(2);

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if there is no such file
  static Fingerprint of(Path file) {
    try {
      var attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return new Fingerprint(
          attributes.lastModifiedTime().toInstant(), attributes.size(), attributes.fileKey());
    } catch (IOException e) {
      throw Problem.misconfigured(
              "cannot read the credential file " + file,
              "Check that it exists and that the user that runs pgbackup may read it.")
          .causedBy(e);
    }
  }

  /// Whether the same fingerprint means the same content.
  boolean isSettled(InstantSource clock) {
    return modified.isBefore(clock.instant().minus(TICK));
  }
}
