package io.pgbackup.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpConfigurationOption;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.ObjectLockEnabled;
import software.amazon.awssdk.services.s3.model.ObjectLockRetentionMode;
import software.amazon.awssdk.utils.AttributeMap;

/// A real S3 server, MinIO: in Docker where a daemon answers, otherwise the program `minio` on
/// PATH, otherwise built once by the Go toolchain into the user's cache. Where there is none of
/// them the test that asks is skipped with that reason.
///
/// Ends with the JVM at the latest and leaves nothing behind.
public final class S3Server implements AutoCloseable {
  public static final String REGION = "us-east-1";
  public static final String ACCESS_KEY = "pgbackup-test";
  public static final String SECRET_KEY = "pgbackup-test-secret";

  private static final AtomicInteger BUCKETS = new AtomicInteger();
  private static @Nullable S3Server shared;

  private final Minio minio;
  private final Path directory;

  private S3Server(Minio minio) {
    this.minio = minio;
    this.directory = Minio.temporaryDirectory();
  }

  /// One server for the whole JVM; take a bucket of your own.
  public static synchronized S3Server shared() {
    if (shared == null) {
      shared = own();
    }
    return shared;
  }

  /// A server that a test may stop.
  public static S3Server own() {
    try {
      return new S3Server(Minio.start());
    } catch (Minio.Missing e) {
      return abort("no S3 server: " + e.getMessage());
    }
  }

  /// A server of its own that speaks TLS, run as a program.
  ///
  /// @param certificates a folder with `public.crt` and `private.key`, see
  ///   [TestAuthority#serverFiles]
  public static S3Server secured(Path certificates) {
    try {
      return new S3Server(MinioProcess.secured(MinioBinary.find(), certificates));
    } catch (Minio.Missing e) {
      return abort("no S3 server: " + e.getMessage());
    }
  }

  public URI endpoint() {
    return minio.endpoint();
  }

  /// Makes an empty bucket.
  public String newBucket() {
    String bucket = nextName();
    try (S3Client client = client()) {
      client.createBucket(request -> request.bucket(bucket));
    }
    return bucket;
  }

  /// Makes an empty bucket that keeps every version of its objects.
  public String newVersionedBucket() {
    String bucket = newBucket();
    try (S3Client client = client()) {
      client.putBucketVersioning(
          request ->
              request
                  .bucket(bucket)
                  .versioningConfiguration(
                      versioning -> versioning.status(BucketVersioningStatus.ENABLED)));
    }
    return bucket;
  }

  /// Makes an empty bucket that locks every version for a day from when it was written.
  public String newLockedBucket(ObjectLockRetentionMode mode) {
    String bucket = nextName();
    try (S3Client client = client()) {
      client.createBucket(request -> request.bucket(bucket).objectLockEnabledForBucket(true));
      client.putObjectLockConfiguration(
          request ->
              request
                  .bucket(bucket)
                  .objectLockConfiguration(
                      lock ->
                          lock.objectLockEnabled(ObjectLockEnabled.ENABLED)
                              .rule(
                                  rule ->
                                      rule.defaultRetention(
                                          retention -> retention.mode(mode).days(1)))));
    }
    return bucket;
  }

  private static String nextName() {
    return "bucket-" + ProcessHandle.current().pid() + "-" + BUCKETS.incrementAndGet();
  }

  /// What the configuration says for this bucket, with credentials in files.
  public StorageConfig storageConfig(String bucket) {
    return storageConfig(bucket, endpoint());
  }

  /// The same through another endpoint, a [FaultyProxy] for instance.
  public StorageConfig storageConfig(String bucket, URI endpoint) {
    return new StorageConfig(
        URI.create("s3://" + bucket),
        Optional.of(endpoint),
        REGION,
        /* pathStyle= */ true,
        Optional.empty(),
        Optional.of(
            new CredentialFiles(
                file("access-key-id", ACCESS_KEY),
                file("secret-access-key", SECRET_KEY),
                Optional.empty())),
        "pgbackup/$(NAMESPACE)/$(CLUSTER)/$(UID)/$(PGVERSION)");
  }

  /// Written once: others may be reading it.
  private synchronized Path file(String name, String secret) {
    Path file = directory.resolve(name);
    return Files.exists(file) ? file : PrivateFile.write(file, secret + "\n");
  }

  /// The bare SDK, to look behind the store under test.
  public S3Client client() {
    return client(endpoint());
  }

  static S3Client client(URI endpoint) {
    return S3Client.builder()
        .endpointOverride(endpoint)
        .overrideConfiguration(settings -> settings.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .region(Region.of(REGION))
        .forcePathStyle(true)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS_KEY, SECRET_KEY)))
        .httpClient(httpClient(endpoint))
        .build();
  }

  /// For tests to look with, whatever the server's certificate.
  static SdkHttpClient httpClient(URI endpoint) {
    return UrlConnectionHttpClient.builder()
        .buildWithDefaults(
            AttributeMap.builder()
                .put(SdkHttpConfigurationOption.TRUST_ALL_CERTIFICATES, isSecured(endpoint))
                .build());
  }

  private static boolean isSecured(URI endpoint) {
    return "https".equals(endpoint.getScheme());
  }

  /// Ends the server so that connections are refused; what it holds stays.
  public void stop() {
    minio.stop();
  }

  /// Starts it again on the same port.
  public void start() {
    minio.startAgain();
  }

  @Override
  public void close() {
    minio.close();
    Minio.delete(directory);
  }
}
