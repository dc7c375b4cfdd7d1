package io.pgbackup.credentials.broker;

import io.pgbackup.config.BrokerConfig;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.credentials.FileCredentialsProvider;
import java.time.InstantSource;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/// What a broker derives credentials from: the files that the configuration names, otherwise what
/// the SDK's default chain finds.
public final class ParentCredentials {
  private ParentCredentials() {}

  public static AwsCredentialsProvider of(BrokerConfig broker, InstantSource clock) {
    return broker
        .keys()
        .<AwsCredentialsProvider>map(
            keys ->
                new FileCredentialsProvider(
                    new CredentialFiles(
                        keys.accessKeyIdFile(), keys.secretAccessKeyFile(), Optional.empty()),
                    clock))
        .orElseGet(() -> DefaultCredentialsProvider.builder().build());
  }
}
