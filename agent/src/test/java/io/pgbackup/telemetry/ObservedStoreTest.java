package io.pgbackup.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectUpload;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.telemetry.StoreHealth.Operation;
import io.pgbackup.telemetry.StoreHealth.Outcome;
import io.pgbackup.testing.MemoryObjectStore;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ObservedStoreTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final ObjectKey KEY = new ObjectKey("a/b");
  private static final byte[] CONTENT = "content".getBytes(StandardCharsets.UTF_8);
  private static final Problem DOWN = Problem.storageUnavailable("connection refused", "Wait.");

  private final FailingStore behind = new FailingStore();
  private final StoreHealth health = new StoreHealth(InstantSource.fixed(NOW));
  private final StoreTraffic traffic = new StoreTraffic();
  private final ObservedStore store = new ObservedStore(behind, health, traffic);

  @Test
  void knowsNothingBeforeTheFirstRequest() {
    assertThat(health.outcomes()).isEmpty();
  }

  @Test
  void eachKindOfRequestHasAnOutcomeOfItsOwn() {
    store.create(KEY, CONTENT, Map.of());
    assertThat(health.outcomes()).containsOnlyKeys(Operation.WRITE);

    var _ = store.head(KEY);
    assertThat(health.outcomes()).containsOnlyKeys(Operation.WRITE, Operation.READ);

    try (Stream<StoredObject> objects = store.list("a/")) {
      assertThat(objects).hasSize(1);
    }
    assertThat(health.outcomes())
        .containsOnlyKeys(Operation.LIST, Operation.READ, Operation.WRITE)
        .allSatisfy(
            (_, outcome) -> assertThat(outcome).isEqualTo(new Outcome(NOW, Optional.empty())));
  }

  @Test
  void remembersAFailureUntilTheNextAnswer() {
    behind.down = true;
    assertThatThrownBy(() -> store.open(KEY)).isInstanceOf(PgBackupException.class);
    assertThat(health.outcomes())
        .containsOnly(Map.entry(Operation.READ, new Outcome(NOW, Optional.of(DOWN))));

    behind.down = false;
    assertThat(store.head(KEY)).isEmpty();
    assertThat(health.outcomes())
        .containsOnly(Map.entry(Operation.READ, new Outcome(NOW, Optional.empty())));
  }

  @Test
  void aListingThatFailsUnderWayIsAFailure() {
    store.create(KEY, CONTENT, Map.of());
    try (Stream<StoredObject> objects = store.list("a/")) {
      behind.failPages = true;
      assertThatThrownBy(objects::toList).isInstanceOf(PgBackupException.class);
    }

    assertThat(health.outcomes().get(Operation.LIST))
        .isEqualTo(new Outcome(NOW, Optional.of(DOWN)));
  }

  @Test
  void aMissingObjectIsAnAnswer() {
    assertThatThrownBy(() -> store.open(KEY)).isInstanceOf(PgBackupException.class);

    assertThat(health.outcomes().get(Operation.READ)).isEqualTo(new Outcome(NOW, Optional.empty()));
  }

  @Test
  void anUploadCountsWhenItEnds() throws Exception {
    try (ObjectUpload upload = store.upload(KEY, Map.of())) {
      upload.stream().write(CONTENT);
      behind.down = true;
      assertThatThrownBy(upload::complete).isInstanceOf(PgBackupException.class);
    }
    assertThat(health.outcomes().get(Operation.WRITE)).matches(outcome -> !outcome.up());
  }

  @Test
  void countsTheBytesOfObjectsInBothDirections() throws Exception {
    store.create(KEY, CONTENT, Map.of());
    store.create(new ObjectKey("a/part"), CONTENT, 3, Map.of());
    store.patient(Duration.ofSeconds(1)).create(new ObjectKey("a/again"), CONTENT, Map.of());
    try (ObjectUpload upload = store.upload(new ObjectKey("a/c"), Map.of())) {
      upload.stream().write(CONTENT);
      upload.stream().write('.');
      upload.complete();
    }
    assertThat(traffic.bytesSent()).isEqualTo(3L * CONTENT.length + 3 + 1);
    assertThat(traffic.bytesRead()).isZero();

    try (InputStream stream = store.open(KEY)) {
      assertThat(stream.read()).isEqualTo('c');
      assertThat(stream.readAllBytes()).hasSize(CONTENT.length - 1);
    }
    assertThat(traffic.bytesRead()).isEqualTo(CONTENT.length);
  }

  @Test
  void answersAsTheStoreBehindIt() {
    store.create(KEY, CONTENT, Map.of());

    assertThat(store.folders(StoreFolder.ROOT)).isEqualTo(behind.folders(StoreFolder.ROOT));
    assertThat(store.url()).isEqualTo(behind.url());
    assertThat(store.create(KEY, CONTENT, Map.of())).isInstanceOf(CreateOutcome.AlreadyThere.class);
  }

  private static final class FailingStore extends MemoryObjectStore {
    private boolean down;
    private boolean failPages;

    @Override
    public synchronized Stream<StoredObject> list(String keyPrefix) {
      return super.list(keyPrefix)
          .peek(
              _ -> {
                if (failPages) {
                  throw DOWN.asException();
                }
              });
    }

    @Override
    public synchronized InputStream open(ObjectKey key) {
      failIfDown();
      return super.open(key);
    }

    @Override
    public ObjectUpload upload(ObjectKey key, Map<String, String> metadata) {
      ObjectUpload upload = super.upload(key, metadata);
      return new ObjectUpload() {
        @Override
        public OutputStream stream() {
          return upload.stream();
        }

        @Override
        public CreateOutcome complete() {
          failIfDown();
          return upload.complete();
        }

        @Override
        public void close() {
          upload.close();
        }
      };
    }

    private void failIfDown() {
      if (down) {
        throw DOWN.asException();
      }
    }
  }
}
