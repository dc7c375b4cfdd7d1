package io.pgbackup.kubernetes.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.pgbackup.testing.TestCertificate;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class HttpApiTest {
  @TempDir private Path folder;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private HttpServer server;
  private HttpApi api;
  private String answer = "{\"kind\": \"Status\"}";

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          asked.add(
              "%s %s %s %s"
                  .formatted(
                      exchange.getRequestMethod(),
                      exchange.getRequestURI(),
                      exchange.getRequestHeaders().getFirst("Authorization"),
                      exchange.getRequestHeaders().getFirst("Content-Type")));
          byte[] body = answer.getBytes(UTF_8);
          exchange.sendResponseHeaders(403, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    api = new HttpApi(uri(), folder);
  }

  private URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  @AfterEach
  void end() {
    api.close();
    server.stop(0);
  }

  @Test
  void readsTheTokenForEachRequest() throws IOException {
    Files.writeString(folder.resolve("token"), "first\n");
    assertThat(api.get("/api/v1/namespaces/shop/configmaps/orders").status()).isEqualTo(403);
    Files.writeString(folder.resolve("token"), "second");
    api.patch("/apis/x", JsonNodeFactory.instance.objectNode());

    assertThat(asked)
        .containsExactly(
            "GET /api/v1/namespaces/shop/configmaps/orders Bearer first null",
            "PATCH /apis/x Bearer second application/merge-patch+json");
  }

  @Test
  void withoutATokenNothingIsAsked() {
    assertThatThrownBy(() -> api.get("/api")).isInstanceOf(NoSuchFileException.class);
    assertThat(asked).isEmpty();
  }

  @Test
  void anAnswerThatIsNoJsonIsAnAnswer() throws IOException {
    Files.writeString(folder.resolve("token"), "t");
    answer = "<html>";

    assertThat(api.get("/api").body().isMissingNode()).isTrue();
  }

  @Test
  void anAuthorityThatIsMissingIsAFailureAndNoTrust() throws IOException {
    Files.writeString(folder.resolve("token"), "t");
    try (HttpApi encrypted = new HttpApi(URI.create("https://127.0.0.1:1"), folder)) {
      assertThatThrownBy(() -> encrypted.get("/api")).isInstanceOf(NoSuchFileException.class);
    }
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void anAnswerThatBreaksOffIsWaitedForNoLongerThanOneThatDoesNotCome() throws IOException {
    Files.writeString(folder.resolve("token"), "t");
    CountDownLatch end = new CountDownLatch(1);
    server.createContext(
        "/half",
        exchange -> {
          exchange.sendResponseHeaders(200, 100);
          exchange.getResponseBody().write("{".getBytes(UTF_8));
          exchange.getResponseBody().flush();
          try {
            end.await();
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
          exchange.close();
        });
    try (HttpApi impatient = new HttpApi(uri(), folder, Duration.ofMillis(300))) {
      assertThatThrownBy(() -> impatient.get("/half")).isInstanceOf(HttpTimeoutException.class);
    } finally {
      end.countDown();
    }
  }

  @Test
  void aRenewedAuthorityIsTrustedWithoutARestart() throws Exception {
    Files.writeString(folder.resolve("token"), "t");
    TestCertificate first = TestCertificate.selfSigned("ip:127.0.0.1");
    TestCertificate second = TestCertificate.selfSigned("ip:127.0.0.1");
    Path authority = Files.writeString(folder.resolve("ca.crt"), first.certificatePem());
    HttpsServer encrypted =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    encrypted.setHttpsConfigurator(new HttpsConfigurator(serving(second)));
    encrypted.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    encrypted.start();
    URI where = URI.create("https://127.0.0.1:" + encrypted.getAddress().getPort());
    try (HttpApi renewed = new HttpApi(where, folder)) {
      assertThatThrownBy(() -> renewed.get("/api")).isInstanceOf(SSLException.class);
      Files.writeString(authority, second.certificatePem());

      assertThat(renewed.get("/api").status()).isEqualTo(200);
    } finally {
      encrypted.stop(0);
    }
  }

  private static SSLContext serving(TestCertificate certificate)
      throws GeneralSecurityException, IOException {
    String pem = certificate.keyPem().replaceAll("-----[A-Z ]+-----", "");
    PrivateKey key =
        KeyFactory.getInstance("EC")
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem)));
    Certificate itself =
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(certificate.certificatePem().getBytes(UTF_8)));
    KeyStore keys = KeyStore.getInstance(KeyStore.getDefaultType());
    keys.load(null, null);
    char[] password = "changeit".toCharArray();
    keys.setKeyEntry("server", key, password, new Certificate[] {itself});
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }
}
