package io.pgbackup.store.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.telemetry.StoreTraffic;
import io.pgbackup.telemetry.StoreTraffic.Reason;
import io.pgbackup.telemetry.StoreTraffic.Request;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Attempts at requests, as they are told.
class S3TrafficTest {
  private static final ObjectKey KEY = new ObjectKey("a/b");
  private static final byte[] CONTENT = "content".getBytes(UTF_8);
  private static final S3Tuning TUNING =
      new S3Tuning(5 << 20, 1, 1, 8, Duration.ofMillis(1), Duration.ofMillis(2));

  /// Leaves a request without an answer.
  private static final int HANG_UP = 0;

  private final StoreTraffic traffic = new StoreTraffic();
  private final Deque<Integer> statuses = new ArrayDeque<>();
  private StandInStore server;
  private ObjectStore store;

  @BeforeEach
  void standIn() throws IOException {
    server = StandInStore.start(this::answer, Runnable::run);
    store = S3ObjectStore.open(server.config(), StandInStore.CREDENTIALS, TUNING, traffic);
  }

  @AfterEach
  void close() {
    store.close();
    server.close();
  }

  private synchronized void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      int status = statuses.isEmpty() ? 200 : statuses.removeFirst();
      if (status == HANG_UP) {
        return;
      }
      exchange.getResponseHeaders().add("ETag", "\"1\"");
      byte[] body =
          status == 200 && exchange.getRequestMethod().equals("GET") ? CONTENT : new byte[0];
      exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      if (body.length > 0) {
        exchange.getResponseBody().write(body);
      }
    }
  }

  private Map<Request, Long> answers() {
    return traffic.durations().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().count()));
  }

  @Test
  void eachAnswerIsTimedUnderItsKind() throws IOException {
    assertThat(answers()).isEmpty();

    store.create(KEY, CONTENT, Map.of());
    try (InputStream stream = store.open(KEY)) {
      assertThat(stream.readAllBytes()).isEqualTo(CONTENT);
    }

    assertThat(answers()).containsOnly(Map.entry(Request.WRITE, 1L), Map.entry(Request.READ, 1L));
    assertThat(traffic.retries().values()).containsOnly(0L);
  }

  @Test
  void whatIsSentAgainSaysWhy() {
    statuses.addAll(List.of(503, 500, HANG_UP, 429));

    store.create(KEY, CONTENT, Map.of());

    assertThat(traffic.retries())
        .containsOnly(
            Map.entry(Reason.THROTTLED, 2L),
            Map.entry(Reason.FAILED, 1L),
            Map.entry(Reason.UNANSWERED, 1L));
    assertThat(answers()).containsOnly(Map.entry(Request.WRITE, 4L));
  }
}
