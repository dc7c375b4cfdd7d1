package io.pgbackup.store.open;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.VersionedStore;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.store.past.PastStore;
import io.pgbackup.store.probe.BareStore;
import io.pgbackup.store.s3.S3BareStore;
import io.pgbackup.store.s3.S3ObjectStore;
import io.pgbackup.telemetry.StoreTraffic;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;

/// Opens whatever store a URL names. The AWS SDK is loaded only for S3.
public final class Stores {
  private static final String FORMS = "Use s3://bucket or file:///directory.";

  private Stores() {}

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if the URL names no store, or a
  ///   directory that does not exist; whether a bucket exists shows when it is used
  public static ObjectStore open(StorageConfig storage) {
    return opened(storage, () -> S3ObjectStore.open(storage));
  }

  /// @param keys instead of what the configuration says
  public static ObjectStore open(StorageConfig storage, Optional<AccessKeys> keys) {
    return keys.map(given -> open(storage, StoreCredentials.of(given), new StoreTraffic()))
        .orElseGet(() -> open(storage));
  }

  /// @param credentials instead of what the configuration says; they mean nothing to a directory
  /// @param traffic is told of every request to a bucket
  public static ObjectStore open(
      StorageConfig storage, StoreCredentials credentials, StoreTraffic traffic) {
    return opened(storage, () -> S3ObjectStore.open(storage, credentials, traffic));
  }

  private static ObjectStore opened(StorageConfig storage, Supplier<ObjectStore> s3) {
    URI url = storage.url();
    return switch (String.valueOf(url.getScheme())) {
      case "s3" -> s3.get();
      case "file" -> FileObjectStore.open(directory(url));
      default -> throw Problem.misconfigured("'" + url + "' is not a store", FORMS).asException();
    };
  }

  /// The store as it stood at an instant.
  ///
  /// @param keys instead of what the configuration says
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if it keeps no versions; also as
  ///   [#open]
  public static PastStore openAsOf(
      StorageConfig storage, Optional<AccessKeys> keys, Instant instant) {
    ObjectStore live = open(storage, keys);
    try {
      return new PastStore(live, versions(live), instant);
    } catch (RuntimeException e) {
      live.close();
      throw e;
    }
  }

  private static VersionedStore versions(ObjectStore store) {
    return switch (store) {
      case S3ObjectStore s3 -> s3.versions();
      default ->
          throw Problem.refused(
                  store.url() + " keeps no versions",
                  "Only a bucket that keeps versions has an earlier state; leave --as-of out.")
              .asException();
    };
  }

  /// To be asked request by request.
  ///
  /// @param storage in S3
  public static BareStore bare(StorageConfig storage) {
    return S3BareStore.open(storage);
  }

  private static Path directory(URI url) {
    try {
      return Path.of(url);
    } catch (IllegalArgumentException e) {
      throw Problem.misconfigured("'" + url + "' is not a directory's URL", FORMS).causedBy(e);
    }
  }
}
