package io.pgbackup.agent;

import io.pgbackup.engine.BackupEngine;
import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Identity;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.Problem;
import java.util.Optional;
import java.util.function.Supplier;

/// Looks at the identity beside the data before a base backup begins and again before it counts: an
/// in-place restore may have put another lineage's data there, with the same system identifier.
final class IdentityGuard implements BackupEngine {
  private final BackupEngine engine;
  private final Identity expected;
  private final Supplier<Optional<Identity>> standing;

  IdentityGuard(BackupEngine engine, Identity expected, Supplier<Optional<Identity>> standing) {
    this.engine = engine;
    this.expected = expected;
    this.standing = standing;
  }

  @Override
  public TakenBackup push(BackupRequest request, BackupListener listener) {
    check();
    return engine.push(
        request,
        new BackupListener() {
          @Override
          public void started(BackupName name) {
            listener.started(name);
          }

          @Override
          public void progressed(long files, long bytes) {
            listener.progressed(files, bytes);
          }

          @Override
          public void awaitingWal(WalSegment first, WalSegment last) {
            listener.awaitingWal(first, last);
          }

          @Override
          public void beforeSentinel() {
            check();
            listener.beforeSentinel();
          }
        });
  }

  private void check() {
    Optional<Identity> now = standing.get();
    if (!now.equals(Optional.of(expected))) {
      throw Problem.refused(
              "the data directory is of %s, and this base backup would be of lineage %s"
                  .formatted(
                      now.map(identity -> "lineage " + identity.uid()).orElse("no lineage"),
                      expected.uid()),
              "A restore has put other data there; a base backup of its lineage follows by itself.")
          .asException();
    }
  }
}
