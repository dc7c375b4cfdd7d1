package io.pgbackup.testing;

import static org.awaitility.Awaitility.await;

import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.Credentials;

/// Short-lived credentials that a policy limits, as a broker issues them.
public final class SessionCredentials {
  private SessionCredentials() {}

  /// @param directory where the files with the three secrets go
  public static StorageConfig limit(
      S3Server server, StorageConfig storage, String policy, Path directory) throws IOException {
    Credentials session = assumeRole(server, policy);
    return new StorageConfig(
        storage.url(),
        storage.endpoint(),
        storage.region(),
        storage.pathStyle(),
        storage.caFile(),
        Optional.of(
            new CredentialFiles(
                PrivateFile.write(directory.resolve("id"), session.accessKeyId()),
                PrivateFile.write(directory.resolve("secret"), session.secretAccessKey()),
                Optional.of(
                    PrivateFile.write(directory.resolve("token"), session.sessionToken())))),
        storage.prefix());
  }

  /// The bare SDK with such credentials.
  static S3Client client(S3Server server, String policy) {
    Credentials session = assumeRole(server, policy);
    return S3Client.builder()
        .endpointOverride(server.endpoint())
        .region(Region.of(S3Server.REGION))
        .forcePathStyle(true)
        .credentialsProvider(
            StaticCredentialsProvider.create(
                AwsSessionCredentials.create(
                    session.accessKeyId(), session.secretAccessKey(), session.sessionToken())))
        .httpClient(S3Server.httpClient(server.endpoint()))
        .build();
  }

  static Credentials assumeRole(S3Server server, String policy) {
    try (StsClient client =
        StsClient.builder()
            .endpointOverride(server.endpoint())
            .region(Region.of(S3Server.REGION))
            .credentialsProvider(
                StaticCredentialsProvider.create(
                    AwsBasicCredentials.create(S3Server.ACCESS_KEY, S3Server.SECRET_KEY)))
            .httpClient(S3Server.httpClient(server.endpoint()))
            .build()) {
      // MinIO serves objects a little before it knows its users
      return await("MinIO's sessions")
          .ignoreExceptionsMatching(
              problem -> String.valueOf(problem.getMessage()).contains("Server not initialized"))
          .until(
              () ->
                  client
                      .assumeRole(
                          request ->
                              request
                                  .policy(policy)
                                  .roleArn("arn:minio:iam:::role/any")
                                  .roleSessionName("test"))
                      .credentials(),
              Objects::nonNull);
    }
  }
}
