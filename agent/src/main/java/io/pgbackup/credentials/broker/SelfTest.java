package io.pgbackup.credentials.broker;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.open.Stores;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// Tries a credential before anybody gets it: its own folder can be listed; the folder beside it
/// whose name begins alike, and the bucket's root, can not. Thread-safe.
final class SelfTest {
  /// AWS may take some seconds to know a new credential everywhere.
  private static final int ATTEMPTS = 15;

  private static final Set<String> SESSION_REFUSED = Set.of("ExpiredToken", "InvalidToken");

  private final StorageConfig storage;
  private final Duration pause;

  /// @param pause between two attempts
  SelfTest(StorageConfig storage, Duration pause) {
    this.storage = storage;
    this.pause = pause;
  }

  /// @return what the credential reaches that it must not; empty where all is well
  /// @throws PgBackupException if its own folder cannot be listed, or the store does not answer
  Optional<String> excess(CredentialDocument credential) {
    String folder = credential.folder().path();
    String bare = folder.substring(0, folder.length() - 1);
    String twin = bare + "0/";
    try (ObjectStore store = Stores.open(storage, Optional.of(credential.keys()))) {
      awaitOwn(store, folder);
      return Stream.of(
              reaches(() -> list(store, ""), "the bucket's root"),
              reaches(() -> list(store, bare), "every folder whose name begins with " + bare),
              reaches(() -> list(store, twin), "the folder " + twin),
              reaches(() -> store.head(new ObjectKey(twin + "any")), "objects in " + twin))
          .flatMap(Optional::stream)
          .findFirst();
    }
  }

  /// Whether its own folder is refused to it; false where the store does not answer.
  boolean isRefused(CredentialDocument credential) {
    try (ObjectStore store = Stores.open(storage, Optional.of(credential.keys()))) {
      list(store, credential.folder().path());
      return false;
    } catch (PgBackupException e) {
      return Stream.<Throwable>iterate(e, Objects::nonNull, Throwable::getCause)
          .filter(S3Exception.class::isInstance)
          .map(S3Exception.class::cast)
          .anyMatch(SelfTest::refuses);
    }
  }

  /// AWS answers an unknown session with 400.
  private static boolean refuses(S3Exception answer) {
    return answer.statusCode() == 401
        || answer.statusCode() == 403
        || Optional.ofNullable(answer.awsErrorDetails())
            .map(AwsErrorDetails::errorCode)
            .filter(SESSION_REFUSED::contains)
            .isPresent();
  }

  private void awaitOwn(ObjectStore store, String folder) {
    for (int attempt = 1; ; attempt++) {
      try {
        list(store, folder);
        return;
      } catch (PgBackupException e) {
        if (attempt == ATTEMPTS || !mayBecomeKnown(e.problem())) {
          throw Problem.storageFailed(
                  "the new credential cannot list its own folder %s: %s"
                      .formatted(folder, e.getMessage()),
                  "Check what its parent may do; 'pgbackup -c FILE credentials bootstrap' gives it the rights"
                      + " again.")
              .causedBy(e);
        }
        sleep();
      }
    }
  }

  private static boolean mayBecomeKnown(Problem problem) {
    return problem instanceof Problem.StorageFailed;
  }

  /// Only a refusal counts: no answer proves nothing.
  private static Optional<String> reaches(Runnable attempt, String what) {
    try {
      attempt.run();
      return Optional.of(what);
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.StorageFailed failed && !failed.transientFault()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static void list(ObjectStore store, String prefix) {
    try (var objects = store.list(prefix)) {
      var _ = objects.findFirst();
    }
  }

  private void sleep() {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.storageUnavailable("interrupted while a credential was tried", "Run it again.")
          .causedBy(e);
    }
  }
}
