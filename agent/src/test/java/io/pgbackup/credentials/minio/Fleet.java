package io.pgbackup.credentials.minio;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.BrokerConfig;
import io.pgbackup.config.BrokerConfig.BrokerKind;
import io.pgbackup.config.BrokerConfig.ParentKeys;
import io.pgbackup.config.BrokerSettings;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.broker.Broker.Holder;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.store.s3.StoreHttp;
import io.pgbackup.testing.S3Server;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/// One bucket of a real MinIO with the folders of several clusters, and what a broker for them is
/// configured with.
record Fleet(S3Server server, String bucket) {
  static final AccessKeys ROOT =
      new AccessKeys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, Optional.empty());

  static Fleet onSharedServer() {
    S3Server server = S3Server.shared();
    return new Fleet(server, server.newBucket());
  }

  Holder holder(String cluster) {
    var id = new ClusterId("fleet", cluster);
    return new Holder(id, new ClusterScope(bucket, PrefixTemplate.DEFAULT.clusterFolder(id)));
  }

  /// With the rights of whoever runs the server.
  BrokerSettings settings() {
    var files = (CredentialFiles) server.storageConfig(bucket).credentials().orElseThrow();
    return settings(files.accessKeyIdFile(), files.secretAccessKeyFile());
  }

  /// @param key folder with the files `accessKeyId` and `secretAccessKey`
  BrokerSettings settings(Path key) {
    return settings(key.resolve("accessKeyId"), key.resolve("secretAccessKey"));
  }

  private BrokerSettings settings(Path accessKeyId, Path secretAccessKey) {
    StorageConfig theirs = server.storageConfig(bucket);
    StorageConfig storage =
        new StorageConfig(
            theirs.url(),
            theirs.endpoint(),
            theirs.region(),
            theirs.pathStyle(),
            theirs.caFile(),
            Optional.of(new CredentialFiles(accessKeyId, secretAccessKey, Optional.empty())),
            theirs.prefix());
    return new BrokerSettings(
        storage,
        new BrokerConfig(
            BrokerKind.MINIO,
            storage.endpoint(),
            Optional.of(new ParentKeys(accessKeyId, secretAccessKey)),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of()));
  }

  SignedHttp http() {
    return new SignedHttp(StoreHttp.client(Optional.empty()), server.endpoint(), S3Server.REGION);
  }

  S3Client client(AccessKeys keys) {
    return S3Client.builder()
        .endpointOverride(server.endpoint())
        .overrideConfiguration(settings -> settings.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .region(Region.of(S3Server.REGION))
        .forcePathStyle(true)
        .credentialsProvider(StaticCredentialsProvider.create(credentials(keys)))
        .httpClient(UrlConnectionHttpClient.create())
        .build();
  }

  private static AwsCredentials credentials(AccessKeys keys) {
    return keys.sessionToken()
        .<AwsCredentials>map(
            token ->
                AwsSessionCredentials.create(keys.accessKeyId(), keys.secretAccessKey(), token))
        .orElseGet(() -> AwsBasicCredentials.create(keys.accessKeyId(), keys.secretAccessKey()));
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
