package io.pgbackup.testing;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.config.PgBackupConfig.CredentialJson;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.services.sts.model.Credentials;

/// Sessions of a MinIO for one folder, in the documents that a broker writes, and their end before
/// their time: MinIO grants none shorter than 15 minutes, and answers one that is revoked exactly
/// as one that has expired, with 403 `InvalidAccessKeyId`.
///
/// They are minted as the server's own administrator, who has no folder: only a test does that.
public final class StsSessions {
  private static final String POLICY =
      """
      {"Version":"2012-10-17","Statement":[
       {"Effect":"Allow",
        "Action":["s3:GetObject","s3:PutObject","s3:AbortMultipartUpload","s3:ListMultipartUploadParts"],
        "Resource":["arn:aws:s3:::BUCKET/FOLDER*"]},
       {"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::BUCKET"],
        "Condition":{"StringLike":{"s3:prefix":["FOLDER*"]}}}]}
      """;

  private static final String READING =
      """
      {"Version":"2012-10-17","Statement":[
       {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::BUCKET/FOLDER*"]},
       {"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::BUCKET"],
        "Condition":{"StringLike":{"s3:prefix":["FOLDER*"]}}}]}
      """;

  private final S3Server server;
  private final String bucket;
  private final StoreFolder folder;

  public StsSessions(S3Server server, String bucket, StoreFolder folder) {
    this.server = server;
    this.bucket = bucket;
    this.folder = folder;
  }

  /// What an archiver gets, for an hour.
  public CredentialDocument mint() {
    return mint(Role.ARCHIVER, POLICY);
  }

  private CredentialDocument mint(Role role, String policy) {
    Credentials session =
        SessionCredentials.assumeRole(
            server, policy.replace("BUCKET", bucket).replace("FOLDER", folder.path()));
    return new CredentialDocument(
        role,
        bucket,
        folder,
        new AccessKeys(
            session.accessKeyId(), session.secretAccessKey(), Optional.of(session.sessionToken())),
        Instant.now().truncatedTo(ChronoUnit.SECONDS),
        Optional.of(session.expiration()));
  }

  /// A new one, swapped into its file.
  public CredentialDocument mintInto(Path file) {
    CredentialDocument document = mint();
    PrivateFile.swap(file, document.json());
    return document;
  }

  /// One that can only read, in this file: less than a restorer's, who may leave a lease.
  public CredentialDocument mintReaderInto(Path file) {
    CredentialDocument document = mint(Role.RESTORER, READING);
    PrivateFile.swap(file, document.json());
    return document;
  }

  /// Ends all that were minted so far, at once.
  public void revokeAll() {
    try {
      URI uri =
          server
              .endpoint()
              .resolve(
                  "/minio/admin/v3/revoke-tokens/builtin?user=%s&fullRevoke=true"
                      .formatted(S3Server.ACCESS_KEY));
      SignedRequest signed =
          AwsV4HttpSigner.create()
              .sign(
                  request ->
                      request
                          .identity(
                              AwsBasicCredentials.create(S3Server.ACCESS_KEY, S3Server.SECRET_KEY))
                          .request(
                              SdkHttpRequest.builder().method(SdkHttpMethod.POST).uri(uri).build())
                          .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                          .putProperty(AwsV4HttpSigner.REGION_NAME, S3Server.REGION));
      var connection = (HttpURLConnection) uri.toURL().openConnection();
      connection.setRequestMethod("POST");
      signed
          .request()
          .forEachHeader(
              (name, values) -> {
                if (!name.equalsIgnoreCase("Host")) {
                  connection.setRequestProperty(name, values.getFirst());
                }
              });
      int status = connection.getResponseCode();
      if (status != 204) {
        throw new AssertionError("revoking was answered with " + status);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The same store, with what lies in this file.
  public static StorageConfig with(StorageConfig storage, Path file) {
    return new StorageConfig(
        storage.url(),
        storage.endpoint(),
        storage.region(),
        storage.pathStyle(),
        storage.caFile(),
        Optional.of(new CredentialJson(file)),
        storage.prefix());
  }
}
