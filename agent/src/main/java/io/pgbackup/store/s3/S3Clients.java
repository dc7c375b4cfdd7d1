package io.pgbackup.store.s3;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.crypto.NativeDigests;
import io.pgbackup.telemetry.StoreTraffic;
import java.time.Duration;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.StandardRetryStrategy;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.s3.LegacyMd5Plugin;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// Builds the SDK's client so that it works with AWS, MinIO and R2 alike: no trailers, no chunked
/// signing, checksums only where we give them, and MD5 for the one operation that demands a digest.
final class S3Clients {
  // One part over a slow line; what hangs longer is cut and tried again.
  private static final Duration ATTEMPT = Duration.ofMinutes(10);

  private S3Clients() {}

  static S3Client client(
      StorageConfig storage, StoreCredentials credentials, S3Tuning tuning, StoreTraffic traffic) {
    NativeDigests.install();
    var builder =
        S3Client.builder()
            .region(Region.of(storage.region()))
            .forcePathStyle(storage.pathStyle())
            .credentialsProvider(credentials.provider())
            .serviceConfiguration(
                settings -> settings.chunkedEncodingEnabled(false).expectContinueEnabled(false))
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .addPlugin(LegacyMd5Plugin.create())
            .httpClient(StoreHttp.client(storage.caFile()))
            .overrideConfiguration(
                settings ->
                    settings
                        .retryStrategy(retries(tuning))
                        .apiCallAttemptTimeout(ATTEMPT)
                        .addExecutionInterceptor(new OwnPauses())
                        .addExecutionInterceptor(new ObservedRequests(traffic)));
    storage.endpoint().ifPresent(builder::endpointOverride);
    return builder.build();
  }

  private static StandardRetryStrategy retries(S3Tuning tuning) {
    return AwsRetryStrategy.standardRetryStrategy().toBuilder()
        .maxAttempts(tuning.attempts())
        // its quota of retries is shared by all requests and fills up with successes only: a storm
        // would leave the client without a second attempt for hours after it
        .circuitBreakerEnabled(false)
        .retryOnException(e -> e instanceof S3Exception answer && S3Failures.isDamaged(answer))
        .retryOnException(S3Failures::brokeOff)
        .backoffStrategy(
            BackoffStrategy.exponentialDelay(tuning.backoff(), tuning.longestBackoff()))
        .throttlingBackoffStrategy(
            BackoffStrategy.exponentialDelay(
                tuning.backoff().multipliedBy(5), tuning.longestBackoff()))
        .build();
  }
}
