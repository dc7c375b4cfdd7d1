package io.pgbackup.store.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A multipart upload has 10,000 parts at most, and at some stores 1000. The server here keeps
/// nothing, so that an object may be too large.
class S3MostPartsIT {
  private static final ObjectKey KEY = new ObjectKey("c1/basebackups_005/b/part_002.tar.zst");
  private static final long RELATION_FILE = 1L << 30;

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private StandInStore server;
  private ObjectStore store;

  @BeforeEach
  void standIn() throws IOException {
    server = StandInStore.start(this::answer, Executors.newVirtualThreadPerTaskExecutor());
    store =
        S3ObjectStore.open(
            server.config(),
            StandInStore.CREDENTIALS,
            new S3Tuning(1, 4, 2, 2, Duration.ofMillis(1), Duration.ofMillis(1)));
  }

  @AfterEach
  void close() {
    store.close();
    server.close();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      String request = exchange.getRequestMethod() + " " + exchange.getRequestURI().getQuery();
      asked.add(request);
      if (request.equals("POST uploads") || request.equals("POST uploads=")) {
        byte[] body =
            "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
                .getBytes(StandardCharsets.US_ASCII);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        return;
      }
      exchange.getResponseHeaders().add("ETag", "\"1\"");
      exchange.sendResponseHeaders(exchange.getRequestMethod().equals("DELETE") ? 204 : 200, -1);
    }
  }

  /// P58. However large the database is: its base backup is cut into objects before they are cut
  /// into parts.
  @Test
  void anObjectOfABaseBackupHasFewerPartsThanAnyStoreAllows() {
    long cutBehind = new EmbeddedBackupEngine.Settings(Codec.ZSTD, 1, "db-1").partSize();

    assertThat((cutBehind + RELATION_FILE) / S3Tuning.DEFAULT.partSize()).isLessThan(1000);
  }

  /// P58.
  @Test
  void anObjectThatIsTooLargeIsNamedAndNothingOfItIsLeft() {
    byte[] tooLarge = new byte[10_002];

    PgBackupException failure =
        catchThrowableOfType(
            PgBackupException.class,
            () -> {
              try (ObjectUpload upload = store.upload(KEY, Map.of())) {
                upload.stream().write(tooLarge);
                upload.complete();
              }
            });

    assertThat(failure.problem().message()).contains(KEY.value(), "10000 parts of 1 bytes");
    assertThat(failure.problem().hint().orElseThrow()).contains("out of the data directory");
    assertThat(failure.problem().retryMayHelp()).isFalse();
    assertThat(asked).noneMatch(request -> request.contains("partNumber=10001"));
    assertThat(asked).last().isEqualTo("DELETE uploadId=u1");
  }
}
