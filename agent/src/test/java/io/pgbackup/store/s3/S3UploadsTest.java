package io.pgbackup.store.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import io.pgbackup.retention.AbandonedUploads;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.UnfinishedUpload;
import io.pgbackup.telemetry.StoreTraffic;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Uploads that nobody completed, as S3's documentation of ListMultipartUploads answers; MinIO,
/// which tests have, shows none of a folder.
class S3UploadsTest {
  private static final StoreFolder FOLDER = StoreFolder.of("pgbackup/shop/orders/u/18");
  private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private boolean forbidden;
  private StandInStore server;
  private ObjectStore store;

  @BeforeEach
  void standIn() throws IOException {
    server = StandInStore.start(this::answer, Runnable::run);
    store = S3ObjectStore.open(server.config(), StandInStore.CREDENTIALS, new StoreTraffic());
  }

  @AfterEach
  void close() {
    store.close();
    server.close();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String query = String.valueOf(exchange.getRequestURI().getQuery());
      asked.add(
          exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath() + "?" + query);
      if (exchange.getRequestMethod().equals("DELETE")) {
        exchange.sendResponseHeaders(204, -1);
        return;
      }
      byte[] body =
          (forbidden
                  ? "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
                  : query.contains("key-marker")
                      ? page("late", "2026-11-22T11:00:00.000Z", "")
                      : page("old", "2026-11-20T11:00:00.000Z", "stranger"))
              .getBytes(UTF_8);
      exchange.sendResponseHeaders(forbidden ? 403 : 200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /// @param stranger an upload of another cluster, which a store that knows no prefix shows as well
  private static String page(String id, String initiated, String stranger) {
    String own = upload(FOLDER.path() + "basebackups_005/b/tar_partitions/" + id, id, initiated);
    return stranger.isEmpty()
        ? "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>%s</ListMultipartUploadsResult>"
            .formatted(own)
        : ("<ListMultipartUploadsResult><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>i"
                + "</NextUploadIdMarker><IsTruncated>true</IsTruncated>%s%s</ListMultipartUploadsResult>")
            .formatted(own, upload("pgbackup/shop/payments/x", stranger, initiated));
  }

  private static String upload(String key, String id, String initiated) {
    return "<Upload><Key>%s</Key><UploadId>%s</UploadId><Initiated>%s</Initiated></Upload>"
        .formatted(key, id, initiated);
  }

  @Test
  void findsThoseOfTheFolderPageByPageAndAbortsWhatIsOld() {
    AbandonedUploads found = AbandonedUploads.in(store, FOLDER);

    assertThat(found.uploads()).extracting(UnfinishedUpload::id).containsExactly("old", "late");
    assertThat(asked).first().asString().contains("prefix=" + FOLDER.path());
    List<UnfinishedUpload> going = found.going(NOW).toList();
    assertThat(going).extracting(UnfinishedUpload::id).containsExactly("old");
    asked.clear();
    store.abort(going.getFirst());
    assertThat(asked)
        .containsExactly("DELETE /backups/" + going.getFirst().key() + "?uploadId=old");
  }

  @Test
  void whatTheCredentialMayNotListIsSaidAndEndsNothing() {
    forbidden = true;

    AbandonedUploads found = AbandonedUploads.in(store, FOLDER);

    assertThat(found.uploads()).isEmpty();
    assertThat(found.hidden().orElseThrow()).contains("AccessDenied");
    assertThat(AbandonedUploads.in(store, StoreFolder.ROOT).hidden().orElseThrow())
        .contains("whole bucket");
  }

  @Test
  void nobodysUploadOfTodayIsAborted() {
    UnfinishedUpload today =
        new UnfinishedUpload(new ObjectKey("a"), "1", NOW.minusSeconds(86_400));

    assertThat(AbandonedUploads.goes(today, NOW)).isFalse();
    assertThat(AbandonedUploads.goes(today, NOW.plusSeconds(1))).isTrue();
  }
}
