package io.pgbackup.credentials.aws;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pgbackup.testing.SignedRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// Stands in for AWS's STS, which no test can have: follows the Query protocol as it is documented
/// (form in, XML out, Signature Version 4 for the service `sts`), and derives nothing.
final class StsStandIn implements AutoCloseable {
  static final String REGION = "eu-central-1";
  static final String ID = "AKIABROKER";
  static final String SECRET = "broker/secret";
  static final Instant EXPIRATION = Instant.parse("2026-11-21T13:00:00Z");

  private record Failure(int status, String code, String message) {}

  private final HttpServer server;
  private final List<SignedRequest> requests = new CopyOnWriteArrayList<>();
  private volatile @Nullable Failure failure;

  StsStandIn() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::serve);
    server.start();
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  List<SignedRequest> requests() {
    return List.copyOf(requests);
  }

  /// What is answered to everything from now on.
  void fail(int status, String code, String message) {
    failure = new Failure(status, code, message);
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      SignedRequest request = SignedRequest.read(exchange);
      requests.add(request);
      Optional<Failure> refusal = Optional.ofNullable(failure).or(() -> refusal(request));
      byte[] body = refusal.map(StsStandIn::error).orElseGet(StsStandIn::assumed).getBytes(UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/xml");
      exchange.sendResponseHeaders(refusal.map(Failure::status).orElse(200), body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static Optional<Failure> refusal(SignedRequest request) {
    boolean signed =
        request
            .authorization()
            .filter(it -> it.accessKeyId().equals(ID))
            .filter(it -> it.region().equals(REGION) && it.service().equals("sts"))
            .filter(
                it ->
                    request.isSignedBy(
                        SECRET, it, SignedRequest.hex(SignedRequest.sha256(request.body()))))
            .isPresent();
    return signed
        ? Optional.empty()
        : Optional.of(
            new Failure(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided."));
  }

  private static String assumed() {
    return """
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleResult>
            <AssumedRoleUser>
              <Arn>arn:aws:sts::123456789012:assumed-role/demo/TestAR</Arn>
              <AssumedRoleId>ARO123EXAMPLE123:TestAR</AssumedRoleId>
            </AssumedRoleUser>
            <Credentials>
              <AccessKeyId>ASIASESSION</AccessKeyId>
              <SecretAccessKey>session/secret</SecretAccessKey>
              <SessionToken>session+token==</SessionToken>
              <Expiration>%s</Expiration>
            </Credentials>
            <PackedPolicySize>8</PackedPolicySize>
          </AssumeRoleResult>
          <ResponseMetadata>
            <RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>
          </ResponseMetadata>
        </AssumeRoleResponse>
        """
        .formatted(EXPIRATION);
  }

  private static String error(Failure failure) {
    return """
        <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <Error>
            <Type>Sender</Type>
            <Code>%s</Code>
            <Message>%s</Message>
          </Error>
          <RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>
        </ErrorResponse>
        """
        .formatted(failure.code(), failure.message());
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
