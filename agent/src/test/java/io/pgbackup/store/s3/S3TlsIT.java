package io.pgbackup.store.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.crypto.NativeCrypto;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestAuthority;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// TLS with an authority of our own, and what goes over it.
class S3TlsIT {
  private static final int PART = 5 << 20;
  private static final S3Tuning TUNING =
      new S3Tuning(PART, 2, 2, 2, Duration.ofMillis(1), Duration.ofMillis(1));
  private static final ObjectKey KEY = new ObjectKey("c1/wal_005/x");

  @TempDir static Path certificates;
  private static TestAuthority authority;

  @TempDir Path directory;

  @BeforeAll
  static void found() {
    authority = TestAuthority.in(certificates);
  }

  @Test
  void refusesACertificateForAnotherName() throws Exception {
    // given
    try (S3Server server = S3Server.secured(authority.serverFiles("dns:store.example"))) {
      StorageConfig storage =
          TestAuthority.trusting(server.storageConfig("b"), authority.certificateFile());

      // when, then
      assertFails(
          () -> call(storage),
          Problem.StorageFailed.class,
          "No subject alternative names matching");
    }
  }

  @Test
  void saysThatACaFileIsNone() throws Exception {
    // given
    StorageConfig storage = storage(URI.create("https://127.0.0.1:1"));
    Path empty = Files.writeString(directory.resolve("empty.pem"), "");
    Path garbage = Files.writeString(directory.resolve("garbage.pem"), "garbage");
    Path missing = directory.resolve("missing.pem");

    // when, then
    for (Path file : new Path[] {empty, garbage, missing}) {
      assertFails(
          () -> call(TestAuthority.trusting(storage, file)),
          Problem.Misconfigured.class,
          file.toString());
    }
  }

  @Test
  void neitherSignsNorChunksWhatTlsProtects() throws Exception {
    // given
    var headers = new CompletableFuture<Map<String, List<String>>>();
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(authority.serverContext("ip:127.0.0.1")));
    server.createContext(
        "/",
        exchange -> {
          exchange.getRequestBody().readAllBytes();
          headers.complete(exchange.getRequestHeaders());
          exchange.getResponseHeaders().add("ETag", "\"1\"");
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();

    // when
    StorageConfig storage =
        TestAuthority.trusting(
            storage(URI.create("https://127.0.0.1:" + server.getAddress().getPort())),
            authority.certificateFile());
    try (ObjectStore store = S3ObjectStore.open(storage, TUNING)) {
      store.create(KEY, "x".getBytes(UTF_8), Map.of());
    } finally {
      server.stop(0);
    }

    // then
    assertThat(headers.join())
        .containsEntry("X-amz-content-sha256", List.of("UNSIGNED-PAYLOAD"))
        .containsEntry("If-none-match", List.of("*"))
        .containsKey("X-amz-checksum-crc32c")
        .containsEntry("Content-length", List.of("1"))
        .doesNotContainKeys("X-amz-trailer", "Content-encoding", "Expect");
  }

  @Test
  void carriesObjectsBothWaysWhereTheAuthorityIsTrusted() throws Exception {
    assertThat(NativeCrypto.provider()).as("Conscrypt on the platforms tests run on").isPresent();
    // given
    byte[] content = new byte[2 * PART + 1];
    new Random(1).nextBytes(content);
    try (S3Server server = S3Server.secured(authority.serverFiles("ip:127.0.0.1"))) {
      StorageConfig unknown = server.storageConfig(server.newBucket());
      StorageConfig trusted = TestAuthority.trusting(unknown, authority.certificateFile());
      try (ObjectStore store = S3ObjectStore.open(trusted, TUNING)) {
        // when
        try (ObjectUpload upload = store.upload(KEY, Map.of())) {
          upload.stream().write(content);
          assertThat(upload.complete()).isInstanceOf(Created.class);
        }

        // then
        try (InputStream stream = store.open(KEY)) {
          assertThat(stream.readAllBytes()).isEqualTo(content);
        }
      }
      assertFails(
          () -> call(unknown), Problem.StorageFailed.class, "not trusted", "storage.caFile");
    }
  }

  private static void call(StorageConfig storage) {
    try (ObjectStore store = S3ObjectStore.open(storage, TUNING)) {
      store.list("").close();
    }
  }

  private StorageConfig storage(URI endpoint) throws Exception {
    Path secret = PrivateFile.write(directory.resolve("secret"), "secret");
    return new StorageConfig(
        URI.create("s3://b"),
        Optional.of(endpoint),
        S3Server.REGION,
        true,
        Optional.empty(),
        Optional.of(new CredentialFiles(secret, secret, Optional.empty())),
        "p");
  }

  private static void assertFails(
      ThrowingCallable call, Class<? extends Problem> kind, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              Problem problem = failure.problem();
              assertThat(problem).isInstanceOf(kind);
              assertThat(problem.message() + " " + problem.hint().orElse("")).contains(parts);
            });
  }
}
