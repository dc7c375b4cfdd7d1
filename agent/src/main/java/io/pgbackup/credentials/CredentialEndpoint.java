package io.pgbackup.credentials;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.core.exception.SdkException;

/// Hands the store's credentials to a child process over loopback, as the containers of Amazon get
/// theirs: the child asks again before they expire, so a rotation reaches it under way, and neither
/// its arguments nor its environment hold a secret. Only who knows the token gets an answer.
public final class CredentialEndpoint implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CredentialEndpoint.class);
  private static final String PATH = "/v1/credentials/archiver";

  /// The SDK for Go asks again five minutes before what we give expires, so every minute: one that
  /// was ended before its time is not sent for longer. What expires within those five minutes would
  /// be asked for at each request.
  private static final Duration VALID = Duration.ofMinutes(6);

  private final HttpServer server;
  private final ExecutorService threads;
  private final AwsCredentialsProvider provider;
  private final InstantSource clock;
  private final String token;

  private CredentialEndpoint(
      HttpServer server, AwsCredentialsProvider provider, InstantSource clock, String token) {
    this.server = server;
    this.provider = provider;
    this.clock = clock;
    this.token = token;
    this.threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("credentials-", 0).factory());
  }

  /// Begins to answer, on a free port of 127.0.0.1.
  ///
  /// @param clock tells what is left of them
  public static CredentialEndpoint open(StoreCredentials credentials, InstantSource clock) {
    return open(credentials.provider(), clock);
  }

  static CredentialEndpoint open(AwsCredentialsProvider provider, InstantSource clock) {
    try {
      HttpServer server =
          HttpServer.create(
              new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), 0);
      var endpoint = new CredentialEndpoint(server, provider, clock, newToken());
      server.createContext(PATH, endpoint::answer);
      server.setExecutor(endpoint.threads);
      server.start();
      return endpoint;
    } catch (IOException e) {
      throw Problem.misconfigured(
              "cannot listen on 127.0.0.1 for a child's credentials: " + e.getMessage(),
              "Allow the agent to listen on loopback.")
          .causedBy(e);
    }
  }

  private static String newToken() {
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
  }

  /// For `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
  public URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + PATH);
  }

  /// For the file that `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` names; without a line end behind
  /// it, which the SDKs would take for a part of it.
  public String token() {
    return token;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!mayAsk(exchange)) {
        exchange.sendResponseHeaders(401, -1);
        return;
      }
      try {
        byte[] body = json(provider.resolveCredentials()).getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      } catch (PgBackupException | SdkException e) {
        LOG.atWarn().addKeyValue("reason", e.getMessage()).log("no credentials for the child");
        exchange.sendResponseHeaders(503, -1);
      }
    }
  }

  private boolean mayAsk(HttpExchange exchange) {
    String given = exchange.getRequestHeaders().getFirst("Authorization");
    return given != null
        && exchange.getRequestMethod().equals("GET")
        && exchange.getRequestURI().getPath().equals(PATH)
        && MessageDigest.isEqual(given.getBytes(UTF_8), token.getBytes(US_ASCII));
  }

  private String json(AwsCredentials credentials) {
    String session =
        credentials instanceof AwsSessionCredentials temporary ? temporary.sessionToken() : "";
    return """
        {"AccessKeyId":"%s","SecretAccessKey":"%s","Token":"%s","Expiration":"%s"}"""
        .formatted(
            escaped(credentials.accessKeyId()),
            escaped(credentials.secretAccessKey()),
            escaped(session),
            expiration());
  }

  /// Whatever its own end is: nobody keeps it until then.
  private Instant expiration() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS).plus(VALID);
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("\"", "\\\"");
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
