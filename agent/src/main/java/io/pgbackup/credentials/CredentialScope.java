package io.pgbackup.credentials;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.store.StoreFolder;
import java.util.Optional;

/// What a credential must be good for. Immutable.
///
/// @param bucket the one that is used
/// @param folder what is written and read lies below it; empty where any may be meant
/// @param role that the work needs; empty where it needs none in particular
public record CredentialScope(String bucket, Optional<StoreFolder> folder, Optional<Role> role) {
  /// Of somebody who reads what is asked for, in that bucket.
  public static CredentialScope anywhereIn(StorageConfig storage) {
    return new CredentialScope(bucket(storage), Optional.empty(), Optional.empty());
  }

  /// Of the agent that protects one cluster.
  public static CredentialScope archiverOf(StoreFolder cluster, StorageConfig storage) {
    return new CredentialScope(bucket(storage), Optional.of(cluster), Optional.of(Role.ARCHIVER));
  }

  /// Of the agent beside a standby that only reads a cluster's archive: any role will do.
  public static CredentialScope readerOf(StoreFolder cluster, StorageConfig storage) {
    return new CredentialScope(bucket(storage), Optional.of(cluster), Optional.empty());
  }

  private static String bucket(StorageConfig storage) {
    return Optional.ofNullable(storage.url().getRawAuthority()).orElse("");
  }

  /// Why a credential is not for this; empty where it is.
  ///
  /// @return ends the sentence "the credential in ..."
  Optional<String> mismatch(CredentialDocument document) {
    boolean sameBucket = document.bucket().equals(bucket);
    boolean holds = folder.map(own -> own.path().startsWith(document.folder().path())).orElse(true);
    if (sameBucket && holds) {
      return Optional.empty();
    }
    return Optional.of(
        "is for s3://%s/%s, but the configuration leads to s3://%s/%s"
            .formatted(
                document.bucket(),
                document.folder(),
                bucket,
                folder.map(StoreFolder::path).orElse("")));
  }
}
