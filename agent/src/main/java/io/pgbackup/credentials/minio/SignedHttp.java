package io.pgbackup.credentials.minio;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.problem.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpFullRequest;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.SignedRequest;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/// Sends one request, signed with Signature Version 4. Thread-safe.
final class SignedHttp implements AutoCloseable {
  private final SdkHttpClient client;
  private final URI endpoint;
  private final String region;

  SignedHttp(SdkHttpClient client, URI endpoint, String region) {
    this.client = client;
    this.endpoint = endpoint;
    this.region = region;
  }

  /// @param service in whose name it is signed
  record Request(
      SdkHttpMethod method,
      String path,
      Map<String, String> query,
      String service,
      String contentType,
      SdkBytes body) {}

  record Answer(int status, SdkBytes body) {
    boolean isSuccess() {
      return status / 100 == 2;
    }
  }

  /// @throws io.pgbackup.problem.PgBackupException `StorageFailed`, transient, if there is no
  ///   answer
  Answer send(AccessKeys keys, Request request) {
    var unsigned =
        SdkHttpFullRequest.builder()
            .method(request.method())
            .uri(endpoint)
            .encodedPath(request.path())
            .putHeader("Content-Type", request.contentType());
    // The JDK makes a POST of a GET that has a body, even an empty one.
    byte[] content = request.body().asByteArray();
    if (content.length > 0) {
      unsigned.putHeader("Content-Length", Integer.toString(content.length));
    }
    request.query().forEach(unsigned::putRawQueryParameter);
    SdkHttpFullRequest built = unsigned.build();
    ContentStreamProvider body = ContentStreamProvider.fromByteArray(content);
    SignedRequest signed =
        AwsV4HttpSigner.create()
            .sign(
                sign ->
                    sign.identity(identity(keys))
                        .request(built)
                        .payload(body)
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, request.service())
                        .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                        .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                        .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false));
    return execute(signed.request(), content);
  }

  private Answer execute(SdkHttpRequest request, byte[] body) {
    var call = HttpExecuteRequest.builder().request(request);
    if (body.length > 0) {
      call.contentStreamProvider(() -> new ByteArrayInputStream(body));
    }
    try {
      HttpExecuteResponse response = client.prepareRequest(call.build()).call();
      try (InputStream content =
          response
              .responseBody()
              .orElseGet(() -> AbortableInputStream.create(InputStream.nullInputStream()))) {
        return new Answer(response.httpResponse().statusCode(), SdkBytes.fromInputStream(content));
      }
    } catch (IOException e) {
      throw Problem.storageUnavailable(
              "no answer from %s: %s".formatted(endpoint, e.getMessage()),
              "Check the network and broker.endpoint.")
          .causedBy(e);
    }
  }

  private static AwsCredentialsIdentity identity(AccessKeys keys) {
    return keys.sessionToken()
        .<AwsCredentialsIdentity>map(
            token ->
                AwsSessionCredentials.create(keys.accessKeyId(), keys.secretAccessKey(), token))
        .orElseGet(() -> AwsBasicCredentials.create(keys.accessKeyId(), keys.secretAccessKey()));
  }

  @Override
  public void close() {
    client.close();
  }
}
