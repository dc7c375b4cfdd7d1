package io.pgbackup.credentials;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/// The SDK's default chain, made at the first request, so that a store in a directory needs none of
/// it. Thread-safe.
final class DefaultChain implements AwsCredentialsProvider {
  private @Nullable AwsCredentialsProvider chain;

  @Override
  public AwsCredentials resolveCredentials() {
    return chain().resolveCredentials();
  }

  private synchronized AwsCredentialsProvider chain() {
    AwsCredentialsProvider made = chain;
    if (made == null) {
      made = DefaultCredentialsProvider.builder().build();
      chain = made;
    }
    return made;
  }
}
