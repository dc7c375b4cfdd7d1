package io.pgbackup.kubernetes.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// Over HTTP, as the service account whose token lies in a folder. Neither token nor authority need
/// be there at the start, and the kubelet renews both: the token is read for each request, the
/// authority again after it was of no use.
///
/// Belongs to one thread.
final class HttpApi implements Api {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private final URI server;
  private final Path tokenFolder;
  private final Duration timeout;
  private @Nullable HttpClient client;

  HttpApi(URI server, Path tokenFolder) {
    this(server, tokenFolder, TIMEOUT);
  }

  /// @param timeout for a whole answer
  HttpApi(URI server, Path tokenFolder, Duration timeout) {
    this.server = server;
    this.tokenFolder = tokenFolder;
    this.timeout = timeout;
  }

  @Override
  public Answer get(String path) throws IOException {
    return send(request(path).GET());
  }

  @Override
  public Answer post(String path, JsonNode object) throws IOException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(object.toString())));
  }

  @Override
  public Answer put(String path, JsonNode object) throws IOException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofString(object.toString())));
  }

  @Override
  public Answer patch(String path, JsonNode fields) throws IOException {
    return send(
        request(path)
            .header("Content-Type", "application/merge-patch+json")
            .method("PATCH", BodyPublishers.ofString(fields.toString())));
  }

  private HttpRequest.Builder request(String path) throws IOException {
    String token = Files.readString(tokenFolder.resolve("token")).strip();
    return HttpRequest.newBuilder(server.resolve(path))
        .header("Accept", "application/json")
        .header("Authorization", "Bearer " + token);
  }

  private Answer send(HttpRequest.Builder request) throws IOException {
    // the timeout of an HttpRequest ends with the headers (JDK-8208693), so that a body may stall
    CompletableFuture<HttpResponse<String>> coming =
        client().sendAsync(request.build(), BodyHandlers.ofString());
    try {
      HttpResponse<String> answer = coming.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      return new Answer(answer.statusCode(), json(answer.body()));
    } catch (TimeoutException e) {
      HttpTimeoutException late =
          new HttpTimeoutException("no whole answer within %d ms".formatted(timeout.toMillis()));
      late.initCause(e);
      throw late;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SSLException) {
        // another authority may lie there now
        close();
        client = null;
      }
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException();
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      coming.cancel(true);
    }
  }

  private static JsonNode json(String body) {
    try {
      return MAPPER.readTree(body);
    } catch (JsonProcessingException _) {
      // a proxy's page, for instance: the status says enough
      return MissingNode.getInstance();
    }
  }

  private HttpClient client() throws IOException {
    HttpClient known = client;
    if (known != null) {
      return known;
    }
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(timeout)
            .executor(task -> Thread.ofVirtual().name("kubernetes-api").start(task));
    if ("https".equals(server.getScheme())) {
      builder.sslContext(trustingOnly(tokenFolder.resolve("ca.crt")));
    }
    HttpClient made = builder.build();
    client = made;
    return made;
  }

  private static SSLContext trustingOnly(Path authorities) throws IOException {
    try (InputStream file = Files.newInputStream(authorities)) {
      KeyStore known = KeyStore.getInstance(KeyStore.getDefaultType());
      known.load(null, null);
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
        known.setCertificateEntry(Integer.toString(known.size()), one);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(known);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("%s is not understood: %s".formatted(authorities, e.getMessage()), e);
    }
  }

  @Override
  public void close() {
    HttpClient known = client;
    if (known != null) {
      known.shutdownNow();
    }
  }
}
