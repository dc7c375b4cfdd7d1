package io.pgbackup.store.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FaultyProxy.Fault;
import io.pgbackup.testing.FaultyProxy.Request;
import io.pgbackup.testing.S3Server;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// What becomes of requests that break on their way to a real server and back.
@Timeout(120)
class S3FaultsIT {
  private static final int ATTEMPTS = 4;
  private static final int PART = 5 << 20;
  private static final S3Tuning TUNING =
      new S3Tuning(PART, 3, 2, ATTEMPTS, Duration.ofMillis(5), Duration.ofMillis(20));
  private static final ObjectKey KEY = new ObjectKey("c1/wal_005/x");
  private static final byte[] CONTENT = "content".getBytes(UTF_8);

  private enum Kind implements Predicate<Request> {
    PUT("PUT", "/x"),
    PART("PUT", "partNumber="),
    BEGIN("POST", "uploads"),
    COMPLETE("POST", "uploadId="),
    GET("GET", "/x");

    private final String method;
    private final String target;

    Kind(String method, String target) {
      this.method = method;
      this.target = target;
    }

    @Override
    public boolean test(Request request) {
      return request.is(method, target);
    }
  }

  private S3Server server;
  private String bucket;
  private FaultyProxy proxy;
  private ObjectStore store;

  @BeforeEach
  void open() {
    server = S3Server.shared();
    bucket = server.newBucket();
    proxy = FaultyProxy.before(server.endpoint());
    store = S3ObjectStore.open(server.storageConfig(bucket, proxy.endpoint()), TUNING);
  }

  @AfterEach
  void close() {
    if (store != null) {
      store.close();
      proxy.close();
    }
  }

  @Test
  void aPutWhoseAnswerWasLostCreatedTheObject() throws Exception {
    // given
    proxy.breakNext(1, Kind.PUT, new Fault.LoseAnswer());

    // when
    CreateOutcome outcome = store.create(KEY, CONTENT, Map.of("pgbackup-sha256", "1"));

    // then
    assertThat(((Created) outcome).object().metadata()).isEqualTo(Map.of("pgbackup-sha256", "1"));
    assertThat(proxy.requests()).filteredOn(Kind.PUT).hasSize(2);
    assertStored(CONTENT);
  }

  @Test
  void aPutWhoseAnswerWasLostToAnotherWriterIsAlreadyThere() {
    // given: the first try never arrives, and somebody else writes before the second
    store.create(KEY, "theirs".getBytes(UTF_8), Map.of());
    proxy.breakNext(1, Kind.PUT, new Fault.LoseRequest());

    // when, then
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(AlreadyThere.class);
  }

  @ParameterizedTest
  @EnumSource(names = {"BEGIN", "PART", "COMPLETE"})
  void anUploadSurvivesALostAnswer(Kind broken) throws Exception {
    // given
    byte[] content = random(3 * PART + 1);
    proxy.breakNext(1, broken, new Fault.LoseAnswer());

    // when
    CreateOutcome outcome;
    try (ObjectUpload upload = store.upload(KEY, Map.of("pgbackup-sha256", "1"))) {
      upload.stream().write(content);
      outcome = upload.complete();
    }

    // then
    assertThat(((Created) outcome).object().metadata()).isEqualTo(Map.of("pgbackup-sha256", "1"));
    assertRead(content);
    // four parts, and the one whose answer was lost alone once more
    assertThat(proxy.requests()).filteredOn(Kind.PART).hasSize(broken == Kind.PART ? 5 : 4);
    // An upload whose id never reached us cannot be aborted by us.
    assertThat(uploadsUnderWay()).isEqualTo(broken == Kind.BEGIN ? 1 : 0);
  }

  @ParameterizedTest
  @EnumSource(names = {"BEGIN", "PART", "COMPLETE"})
  void anUploadThatFailsLeavesNoParts(Kind broken) throws Exception {
    // given
    proxy.breakNext(Integer.MAX_VALUE, broken, FaultyProxy.error(503, "SlowDown"));

    // when
    ThrowingCallable upload = () -> upload(random(3 * PART + 1));

    // then
    assertFails(upload, problem -> assertThat(problem.retryMayHelp()).isTrue());
    assertNothingUnderWay();
    assertThat(store.head(KEY)).isEmpty();
  }

  @Test
  void aSlowLineIsWaitedFor() throws Exception {
    byte[] content = new byte[PART + 1];
    new Random(1).nextBytes(content);
    proxy.slowTo(2 << 20);

    assertThat(upload(content)).isInstanceOf(Created.class);

    assertRead(content);
    assertThat(proxy.requests()).as("nothing was sent twice").filteredOn(Kind.PART).hasSize(2);
    assertNothingUnderWay();
  }

  @Test
  void aConflictAtTheEndOfAnUploadMeansStartAgain() throws Exception {
    // given
    proxy.breakNext(1, Kind.COMPLETE, FaultyProxy.error(409, "ConditionalRequestConflict"));
    byte[] content = random(PART + 1);

    // when
    ThrowingCallable first = () -> upload(content);

    // then
    assertFails(first, problem -> assertThat(problem.retryMayHelp()).isTrue());
    assertNothingUnderWay();
    assertThat(upload(content)).isInstanceOf(Created.class);
    assertStored(content);
  }

  @Test
  void aConflictAtAPutIsTriedAgain() throws Exception {
    // given
    proxy.breakNext(2, Kind.PUT, FaultyProxy.error(409, "ConditionalRequestConflict"));

    // when, then
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(Created.class);
    assertStored(CONTENT);
  }

  @Test
  void aReplaceWhoseAnswerWasLostIsKnownAsOurs() {
    // given
    String first = store.replace(KEY, "1".getBytes(UTF_8), Optional.empty()).orElseThrow();
    proxy.breakNext(1, Kind.PUT, new Fault.LoseAnswer());

    // when
    Optional<String> second = store.replace(KEY, "2".getBytes(UTF_8), Optional.of(first));

    // then
    assertThat(second).contains(store.head(KEY).orElseThrow().version());
    assertThat(second).isNotEqualTo(Optional.of(first));
  }

  @Test
  void sameContentOfAnotherWriterIsNotTakenForOurs() {
    // given
    store.replace(KEY, CONTENT, Optional.empty());
    proxy.breakNext(1, Kind.PUT, new Fault.LoseRequest());

    // when, then
    assertThat(store.replace(KEY, CONTENT, Optional.empty())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 502, 503, 504})
  void faultsThatPassAreTriedAgain(int status) throws Exception {
    // given
    proxy.breakNext(ATTEMPTS - 1, Kind.PUT, FaultyProxy.error(status, "Whatever"));

    // when, then
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(Created.class);
    assertStored(CONTENT);
  }

  @Test
  void aBodyThatWasDamagedOnItsWayIsRefusedAndSentAgain() throws Exception {
    // given: what the server says to a body that does not match its checksum
    String code;
    try (S3Client client = server.client()) {
      S3Exception refused =
          catchThrowableOfType(
              S3Exception.class,
              () ->
                  client.putObject(
                      put -> put.bucket(bucket).key(KEY.value()).checksumCRC32C("AAAAAA=="),
                      RequestBody.fromBytes(CONTENT)));
      code = refused.awsErrorDetails().errorCode();
    }
    proxy.breakNext(1, Kind.PUT, FaultyProxy.error(400, code));

    // when, then
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(Created.class);
    assertStored(CONTENT);
  }

  @Test
  void triesAreBounded() {
    // given
    proxy.breakNext(Integer.MAX_VALUE, Kind.PUT, FaultyProxy.error(503, "SlowDown"));

    // when, then
    assertFails(
        () -> store.create(KEY, CONTENT, Map.of()),
        problem -> {
          assertThat(problem).isInstanceOf(Problem.StorageFailed.class);
          assertThat(problem.retryMayHelp()).isTrue();
          assertThat(problem.message()).contains(KEY.value(), bucket, "SlowDown");
        });
    assertThat(proxy.requests()).filteredOn(Kind.PUT).hasSize(ATTEMPTS);
  }

  /// The SDK would count the retries of all requests, and grant none until many had succeeded.
  @Test
  void afterALongStormARequestIsTriedAsOftenAsBefore() throws Exception {
    // given
    try (FaultyProxy.Storm storm =
        proxy.storm(_ -> true, FaultyProxy.error(503, "SlowDown"), FaultyProxy.error(500, "No"))) {
      while (storm.broken() < 300) {
        assertFails(() -> store.head(KEY), problem -> assertThat(problem.retryMayHelp()).isTrue());
      }
    }

    // when, then
    proxy.breakNext(ATTEMPTS - 1, Kind.PUT, FaultyProxy.error(500, "InternalError"));
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(Created.class);
    assertStored(CONTENT);
  }

  @Test
  void aPatientUploadOutlivesAStorm() throws Exception {
    // given: more errors than one request has attempts
    ObjectStore patient = store.patient(Duration.ofMinutes(1));
    byte[] content = random(PART + 1);
    proxy.breakNext(2 * ATTEMPTS, Kind.PART, FaultyProxy.error(503, "SlowDown"));

    // when
    try (ObjectUpload upload = patient.upload(KEY, Map.of())) {
      upload.stream().write(content);
      assertThat(upload.complete()).isInstanceOf(Created.class);
    }

    // then
    assertStored(content);
  }

  @Test
  void aPatientWriteThatWasDoneAndDeniedIsItsOwn() throws Exception {
    // given
    ObjectStore patient = store.patient(Duration.ofMinutes(1));
    proxy.breakNext(ATTEMPTS, Kind.PUT, new Fault.LoseAnswer());

    // when, then
    assertThat(patient.create(KEY, CONTENT, Map.of())).isInstanceOf(Created.class);
    assertStored(CONTENT);
  }

  @Test
  void noPatienceIsSpentOnWhatDoesNotPass() {
    // given
    ObjectStore patient = store.patient(Duration.ofDays(1));
    proxy.breakNext(Integer.MAX_VALUE, _ -> true, FaultyProxy.error(403, "AccessDenied"));

    // when, then
    assertFails(
        () -> patient.create(KEY, CONTENT, Map.of()),
        problem -> assertThat(problem.retryMayHelp()).isFalse());
  }

  @Test
  void anInterruptEndsThePatience() {
    // given
    ObjectStore patient = store.patient(Duration.ofDays(1));
    Thread here = Thread.currentThread();
    FaultyProxy.Storm storm = proxy.storm(_ -> true, FaultyProxy.error(503, "SlowDown"));
    Thread.ofVirtual()
        .name("interrupts")
        .start(
            () -> {
              await().until(() -> storm.broken() > ATTEMPTS);
              here.interrupt();
            });

    // when, then
    assertFails(() -> patient.create(KEY, CONTENT, Map.of()), _ -> {});
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aRefusedConnectionIsAFailureAndPasses() {
    // given
    proxy.refuse();

    // when, then
    for (ThrowingCallable call : everyCall()) {
      assertFails(
          call,
          problem -> {
            assertThat(problem).isInstanceOf(Problem.StorageFailed.class);
            assertThat(problem.retryMayHelp()).isTrue();
            assertThat(problem.message()).contains(proxy.endpoint().toString());
          });
    }
    proxy.acceptAgain();
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(Created.class);
  }

  @Test
  void forbiddenIsNeverAbsence() {
    // given
    proxy.breakNext(Integer.MAX_VALUE, _ -> true, FaultyProxy.error(403, "AccessDenied"));

    // when, then
    for (ThrowingCallable call : everyCall()) {
      assertFails(
          call,
          problem -> {
            assertThat(problem).isInstanceOf(Problem.StorageFailed.class);
            assertThat(problem.retryMayHelp()).isFalse();
          });
    }
  }

  @Test
  void expiredCredentialsMayBeRenewed() {
    // given
    proxy.breakNext(1, Kind.PUT, FaultyProxy.error(400, "ExpiredToken"));

    // when, then
    assertFails(
        () -> store.create(KEY, CONTENT, Map.of()),
        problem -> {
          assertThat(problem.retryMayHelp()).isTrue();
          assertThat(problem.hint().orElseThrow()).contains("credentials");
        });
  }

  @Test
  void aMissingBucketIsNamed() {
    // given
    ObjectStore missing =
        S3ObjectStore.open(server.storageConfig("no-such-bucket", proxy.endpoint()), TUNING);

    // when, then
    for (ThrowingCallable call : everyCallOf(missing)) {
      assertFails(
          call,
          problem -> {
            assertThat(problem).isInstanceOf(Problem.NotFound.class);
            assertThat(problem.message())
                .contains("bucket 'no-such-bucket'", proxy.endpoint().toString());
          });
    }
    missing.close();
  }

  @Test
  void keysThatTheStoreRefusesToDeleteAreReported() {
    // given: the answer is 200 all the same
    proxy.breakNext(
        1,
        request -> request.is("POST", "delete"),
        new Fault.Answer(
            200,
            """
            <DeleteResult>
              <Error><Key>c1/locked</Key><Code>AccessDenied</Code><Message>no</Message></Error>
              <Error><Key>c1/gone</Key><Code>NoSuchKey</Code><Message>no</Message></Error>
            </DeleteResult>
            """));

    // when
    List<ObjectKey> refused =
        store.delete(Stream.of("c1/locked", "c1/gone", "c1/deleted").map(ObjectKey::new).toList());

    // then
    assertThat(refused).containsExactly(new ObjectKey("c1/locked"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDownloadThatBreaksOffGoesOnWhereItStopped(boolean reset) throws Exception {
    // given
    byte[] content = random(3_000_000);
    store.create(KEY, content, Map.of());
    proxy.breakNext(2, Kind.GET, new Fault.CutAnswer(1_000_000, reset));

    // when
    byte[] read;
    try (InputStream stream = store.open(KEY)) {
      read = stream.readAllBytes();
    }

    // then
    assertThat(read).isEqualTo(content);
    assertThat(proxy.requests()).filteredOn(Kind.GET).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aListingThatBreaksOffIsAskedForAgain(boolean reset) {
    // given
    store.create(KEY, CONTENT, Map.of());
    proxy.breakNext(
        ATTEMPTS - 1, request -> request.is("GET", "list-type=2"), new Fault.CutAnswer(100, reset));

    // when, then
    try (Stream<StoredObject> listing = store.list("c1/")) {
      assertThat(listing).extracting(StoredObject::key).containsExactly(KEY);
    }
  }

  @Test
  void aDownloadThatNeverGetsAnywhereFails() throws Exception {
    // given
    store.create(KEY, CONTENT, Map.of());
    proxy.breakNext(Integer.MAX_VALUE, Kind.GET, new Fault.CutAnswer(0, false));

    // when, then
    try (InputStream stream = store.open(KEY)) {
      assertFails(stream::readAllBytes, problem -> assertThat(problem.retryMayHelp()).isTrue());
    }
  }

  @Test
  void aDownloadNeverMixesTwoObjects() throws Exception {
    // given
    byte[] content = random(3_000_000);
    String version = store.replace(KEY, content, Optional.empty()).orElseThrow();
    proxy.breakNext(1, Kind.GET, new Fault.CutAnswer(1_000_000, false));

    // when
    try (InputStream stream = store.open(KEY)) {
      assertThat(store.replace(KEY, random(3_000_001), Optional.of(version))).isPresent();

      // then
      assertFails(
          stream::readAllBytes,
          problem -> assertThat(problem).isInstanceOf(Problem.StorageFailed.class));
    }
  }

  @Test
  void sendsChecksumsAsHeadersAndNoTrailers() throws Exception {
    // when
    store.create(KEY, CONTENT, Map.of());
    upload(random(PART + 1));
    store.delete(List.of(KEY));

    // then
    assertThat(proxy.requests())
        .filteredOn(request -> request.method().equals("PUT"))
        .hasSize(3)
        .allSatisfy(
            request -> {
              assertThat(request.headers()).containsKey("x-amz-checksum-crc32c");
              assertThat(request.headers())
                  .doesNotContainKeys("x-amz-trailer", "content-encoding", "expect");
            });
    assertThat(proxy.requests())
        .filteredOn(Kind.PUT.and(Kind.PART.negate()))
        .allSatisfy(request -> assertThat(request.headers()).containsEntry("if-none-match", "*"));
    assertThat(proxy.requests())
        .filteredOn(Kind.COMPLETE)
        .allSatisfy(request -> assertThat(request.headers()).containsEntry("if-none-match", "*"));
    assertThat(proxy.requests())
        .filteredOn(request -> request.is("POST", "delete"))
        .singleElement()
        .satisfies(request -> assertThat(request.headers()).containsKey("content-md5"));
  }

  private CreateOutcome upload(byte[] content) throws Exception {
    try (ObjectUpload upload = store.upload(KEY, Map.of())) {
      upload.stream().write(content);
      return upload.complete();
    }
  }

  private List<ThrowingCallable> everyCall() {
    return everyCallOf(store);
  }

  private static List<ThrowingCallable> everyCallOf(ObjectStore store) {
    return List.of(
        () -> store.head(KEY),
        () -> store.open(KEY),
        () -> store.list("c1/").toList(),
        () -> store.folders(StoreFolder.ROOT),
        () -> store.create(KEY, CONTENT, Map.of()),
        () -> store.replace(KEY, CONTENT, Optional.empty()),
        () -> store.delete(List.of(KEY)),
        () -> {
          try (ObjectUpload upload = store.upload(KEY, Map.of())) {
            upload.stream().write(random(PART + 1));
            upload.complete();
          }
        });
  }

  private static void assertFails(ThrowingCallable call, Consumer<Problem> expectation) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class, failure -> expectation.accept(failure.problem()));
  }

  private void assertStored(byte[] content) throws Exception {
    assertRead(content);
    assertNothingUnderWay();
  }

  private void assertRead(byte[] content) throws Exception {
    try (InputStream stream = store.open(KEY)) {
      assertThat(stream.readAllBytes()).isEqualTo(content);
    }
  }

  private void assertNothingUnderWay() {
    assertThat(uploadsUnderWay()).isZero();
  }

  // MinIO lists uploads only of a whole key.
  private int uploadsUnderWay() {
    try (S3Client client = server.client()) {
      return client
          .listMultipartUploads(request -> request.bucket(bucket).prefix(KEY.value()))
          .uploads()
          .size();
    }
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
