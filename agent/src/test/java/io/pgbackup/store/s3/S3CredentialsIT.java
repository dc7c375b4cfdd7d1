package io.pgbackup.store.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.credentials.CredentialScope;
import io.pgbackup.credentials.StoreCredentials;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FaultyProxy.Request;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.StsSessions;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Short-lived credentials that change, and end, under a store in use.
@Timeout(120)
class S3CredentialsIT {
  private static final int PART = 5 << 20;
  private static final S3Tuning TUNING =
      new S3Tuning(PART, 2, 1, 3, Duration.ofMillis(1), Duration.ofMillis(1));
  private static final StoreFolder FOLDER = StoreFolder.of("pgbackup/shop/orders");
  private static final ObjectKey KEY = FOLDER.key("u/18/wal_005/x");
  private static final ObjectKey OTHER = FOLDER.key("u/18/wal_005/y");
  private static final byte[] CONTENT = "content".getBytes(UTF_8);
  private static final Pattern UPLOAD = Pattern.compile("uploadId=([^&]+)");

  @TempDir Path directory;
  private S3Server server;
  private StsSessions sessions;
  private FaultyProxy proxy;
  private Path file;
  private StoreCredentials credentials;
  private ObjectStore store;

  @BeforeEach
  void open() {
    // its own: revoking ends the sessions of every test on it
    server = S3Server.own();
    String bucket = server.newBucket();
    sessions = new StsSessions(server, bucket, FOLDER);
    proxy = FaultyProxy.before(server.endpoint());
    file = directory.resolve("credentials.json");
    sessions.mintInto(file);
    var storage = StsSessions.with(server.storageConfig(bucket, proxy.endpoint()), file);
    credentials =
        StoreCredentials.of(
            storage, CredentialScope.archiverOf(FOLDER, storage), Clock.systemUTC());
    store = S3ObjectStore.open(storage, credentials, TUNING);
    store.create(OTHER, CONTENT, Map.of());
  }

  @AfterEach
  void close() {
    if (store != null) {
      store.close();
      proxy.close();
      server.close();
    }
  }

  private static boolean isPut(Request request) {
    return request.is("PUT", KEY.value());
  }

  /// AWS answers an expired session with the first three, R2 with `Unauthorized`.
  @ParameterizedTest
  @CsvSource({
    "400, ExpiredToken",
    "400, ExpiredTokenException",
    "403, RequestExpired",
    "403, InvalidAccessKeyId",
    "403, InvalidTokenId",
    "401, Unauthorized"
  })
  void isSentAgainWithTheNewOne(int status, String code) {
    // given: renewed while the store still knew the old one
    sessions.mintInto(file);
    proxy.breakNext(1, S3CredentialsIT::isPut, FaultyProxy.error(status, code));

    // when, then
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(Created.class);
  }

  @Test
  void isNotSentAgainWithoutANewOne() {
    proxy.breakNext(9, S3CredentialsIT::isPut, FaultyProxy.error(403, "InvalidAccessKeyId"));

    assertThatThrownBy(() -> store.create(KEY, CONTENT, Map.of()))
        .hasMessageStartingWith("credential expired: the store refuses that of the archiver in")
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> assertThat(failure.problem().retryMayHelp()).isTrue());
    assertThat(proxy.requests()).filteredOn(S3CredentialsIT::isPut).hasSize(1);
  }

  @Test
  void whatEndsIsAStateOfItsOwnUntilANewOneComes() throws Exception {
    // when
    sessions.revokeAll();

    // then
    assertThatThrownBy(() -> store.head(OTHER)).isInstanceOf(PgBackupException.class);
    assertThatThrownBy(() -> store.list(FOLDER.path()).toList())
        .hasMessageStartingWith("credential expired");
    assertThat(credentials.state().expired()).isTrue();
    assertThat(credentials.state().problem().map(Problem::message).orElse(""))
        .contains("before its time");

    // when
    sessions.mintInto(file);

    // then
    assertThat(credentials.state().expired()).isFalse();
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(Created.class);
    try (InputStream stream = store.open(KEY)) {
      assertThat(stream.readAllBytes()).isEqualTo(CONTENT);
    }
  }

  @Test
  void anUploadGoesOnUnderItsIdWhenTheNewOneComesLate() throws Exception {
    // given: some parts are stored
    byte[] content = new byte[4 * PART + 1];
    new Random(1).nextBytes(content);
    try (ObjectUpload upload = store.upload(KEY, Map.of())) {
      upload.stream().write(content, 0, 2 * PART + 1);

      // when
      sessions.revokeAll();
      CompletableFuture<Void> renewed =
          CompletableFuture.runAsync(
              () -> {
                awaitRefusal();
                sessions.mintInto(file);
              });
      upload.stream().write(content, 2 * PART + 1, 2 * PART);

      // then
      assertThat(upload.complete()).isInstanceOf(Created.class);
      renewed.join();
    }
    try (InputStream stream = store.open(KEY)) {
      assertThat(stream.readAllBytes()).isEqualTo(content);
    }
    assertThat(
            proxy.requests().stream()
                .flatMap(request -> UPLOAD.matcher(request.target()).results())
                .map(MatchResult::group)
                .distinct())
        .hasSize(1);
  }

  @Test
  void aPartThatWasCutOffIsSentAgainWithTheNewOne() throws Exception {
    // given: renewed while all attempts at a part are signed with the old one
    byte[] content = new byte[2 * PART];
    new Random(2).nextBytes(content);
    proxy.breakNext(
        3,
        request -> {
          boolean part = request.is("PUT", "partNumber=");
          if (part) {
            sessions.mintInto(file);
          }
          return part;
        },
        new FaultyProxy.Fault.LoseRequest());

    // when
    try (ObjectUpload upload = store.upload(KEY, Map.of())) {
      upload.stream().write(content);

      // then
      assertThat(upload.complete()).isInstanceOf(Created.class);
    }
    try (InputStream stream = store.open(KEY)) {
      assertThat(stream.readAllBytes()).isEqualTo(content);
    }
  }

  private void awaitRefusal() {
    while (!credentials.state().expired()) {
      Thread.onSpinWait();
    }
  }
}
