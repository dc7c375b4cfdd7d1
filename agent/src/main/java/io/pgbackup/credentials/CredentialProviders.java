package io.pgbackup.credentials;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import java.time.Clock;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/// Which credentials a store is used with: those of the files that are named, otherwise what the
/// SDK's default chain finds.
public final class CredentialProviders {
  private CredentialProviders() {}

  public static AwsCredentialsProvider of(StorageConfig storage) {
    return storage
        .credentials()
        .<AwsCredentialsProvider>map(files -> new FileCredentialsProvider(files, Clock.systemUTC()))
        .orElseGet(() -> DefaultCredentialsProvider.builder().build());
  }
}
