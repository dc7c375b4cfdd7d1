package io.pgbackup.store;

import static io.pgbackup.store.ObjectStoreContract.Texts.bytes;
import static io.pgbackup.store.ObjectStoreContract.Texts.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome.AlreadyThere;
import io.pgbackup.store.CreateOutcome.Created;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What every store must do. A server that ignores `If-None-Match: *` fails here: on PutObject in
/// `createsAnObjectOnce` and `letsExactlyOneOfManyWritersCreate`, on CompleteMultipartUpload in
/// `completingAnUploadLeavesWhatStandsThereAlone` and `letsOneOfTwoUploadsComplete`. One that
/// ignores `If-Match` fails in `replacesOnlyTheExpectedVersion`.
public abstract class ObjectStoreContract {
  /// Bytes of a part, where uploads are sent in parts.
  protected static final int PART = 5 << 20;

  /// The key of everything that is uploaded here.
  protected static final ObjectKey UPLOADED =
      new ObjectKey("c1/wal_005/000000010000000000000001.lz4");

  /// Empty when a test begins.
  protected abstract ObjectStore store();

  /// Asserts that there is nothing, visible or not, but objects of these keys.
  protected abstract void assertHoldsOnly(ObjectKey... keys);

  @Test
  void createsAnObjectOnce() {
    // when
    CreateOutcome first = store().create(UPLOADED, bytes("one"), Map.of("pgbackup-sha256", "1"));
    CreateOutcome second = store().create(UPLOADED, bytes("two"), Map.of("pgbackup-sha256", "2"));

    // then
    assertThat(first).isInstanceOf(Created.class);
    assertThat(((Created) first).object().size()).isEqualTo(3);
    StoredObject there = ((AlreadyThere) second).object();
    assertThat(there.metadata()).isEqualTo(Map.of("pgbackup-sha256", "1"));
    assertThat(there.version()).isEqualTo(((Created) first).object().version());
    assertThat(content(UPLOADED)).isEqualTo(bytes("one"));
    assertHoldsOnly(UPLOADED);
  }

  @Test
  void letsExactlyOneOfManyWritersCreate() throws Exception {
    List<Callable<CreateOutcome>> writers =
        IntStream.range(0, 16)
            .<Callable<CreateOutcome>>mapToObj(
                number -> () -> store().create(UPLOADED, bytes("writer " + number), Map.of()))
            .toList();

    // when
    List<CreateOutcome> outcomes = together(writers);

    // then
    assertThat(outcomes).filteredOn(Created.class::isInstance).hasSize(1);
    assertThat(outcomes).filteredOn(AlreadyThere.class::isInstance).hasSize(15);
    int winner =
        outcomes.indexOf(outcomes.stream().filter(Created.class::isInstance).findFirst().get());
    assertThat(content(UPLOADED)).isEqualTo(bytes("writer " + winner));
    assertHoldsOnly(UPLOADED);
  }

  @Test
  void listsFromBehindATextOverSeveralPages() {
    List<ObjectKey> keys =
        IntStream.range(0, 1205)
            .mapToObj(number -> new ObjectKey("c1/wal_005/%024d.lz4".formatted(number)))
            .toList();
    keys.forEach(key -> store().create(key, new byte[0], Map.of()));
    store().create(new ObjectKey("c1/xlog/1"), new byte[0], Map.of());

    try (Stream<StoredObject> all =
        store().listAfter("c1/wal_005/", "c1/wal_005/%024d/".formatted(101))) {
      assertThat(all).extracting(StoredObject::key).isEqualTo(keys.subList(102, keys.size()));
    }
    try (Stream<StoredObject> none = store().listAfter("c1/wal_005/", "c1/wal_005/1")) {
      assertThat(none).isEmpty();
    }
  }

  static IntStream sizes() {
    return IntStream.of(0, 1, PART, PART + 1, 3 * PART + PART / 2);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void uploadsAnyNumberOfBytes(int size) throws Exception {
    byte[] content = random(size);

    // when
    CreateOutcome outcome;
    try (ObjectUpload upload = store().upload(UPLOADED, Map.of("pgbackup-sha256", "x"))) {
      writeUnevenly(upload, content);
      outcome = upload.complete();
    }

    // then
    assertThat(outcome).isInstanceOf(Created.class);
    StoredObject object = store().head(UPLOADED).orElseThrow();
    assertThat(object.size()).isEqualTo(size);
    assertThat(object.metadata()).isEqualTo(Map.of("pgbackup-sha256", "x"));
    assertThat(((Created) outcome).object().version()).isEqualTo(object.version());
    assertThat(content(UPLOADED)).isEqualTo(content);
    assertHoldsOnly(UPLOADED);
  }

  @Test
  void showsNothingOfAnUploadBeforeItIsComplete() throws Exception {
    try (ObjectUpload upload = store().upload(UPLOADED, Map.of())) {
      // when
      upload.stream().write(random(2 * PART));

      // then
      assertThat(store().head(UPLOADED)).isEmpty();
      assertThat(keys("")).isEmpty();
      assertThat(store().folders(StoreFolder.ROOT)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2 * PART + 1})
  void leavesNothingBehindOfAnAbandonedUpload(int size) throws Exception {
    // when
    try (ObjectUpload upload = store().upload(UPLOADED, Map.of("pgbackup-sha256", "x"))) {
      upload.stream().write(random(size));
    }

    // then
    assertHoldsOnly();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2 * PART + 1})
  void completingAnUploadLeavesWhatStandsThereAlone(int size) throws Exception {
    // given
    store().create(UPLOADED, bytes("first"), Map.of("pgbackup-sha256", "1"));

    // when
    CreateOutcome outcome;
    try (ObjectUpload upload = store().upload(UPLOADED, Map.of("pgbackup-sha256", "2"))) {
      upload.stream().write(random(size));
      outcome = upload.complete();
    }

    // then
    assertThat(((AlreadyThere) outcome).object().metadata())
        .isEqualTo(Map.of("pgbackup-sha256", "1"));
    assertThat(content(UPLOADED)).isEqualTo(bytes("first"));
    assertHoldsOnly(UPLOADED);
  }

  @Test
  void letsOneOfTwoUploadsComplete() throws Exception {
    try (ObjectUpload one = store().upload(UPLOADED, Map.of());
        ObjectUpload other = store().upload(UPLOADED, Map.of())) {
      one.stream().write(random(PART + 1));
      other.stream().write(random(PART + 2));

      // when
      List<CreateOutcome> outcomes = together(List.of(one::complete, other::complete));

      // then
      assertThat(outcomes).filteredOn(Created.class::isInstance).hasSize(1);
      assertThat(outcomes).filteredOn(AlreadyThere.class::isInstance).hasSize(1);
    }
    assertHoldsOnly(UPLOADED);
  }

  @Test
  void listsInKeyOrderWhatBeginsWithAPrefix() {
    // given
    List<String> inOrder =
        List.of("k/a!", "k/a.b", "k/a/b", "k/a/c/d", "k/a0", "k/ab", "k/ä", "k/\uFF5E", "k/😀");
    List<String> shuffled = new ArrayList<>(inOrder);
    Collections.shuffle(shuffled, new Random(7));
    shuffled.forEach(key -> store().create(new ObjectKey(key), bytes(key), Map.of()));
    store().create(new ObjectKey("k0/x"), bytes("x"), Map.of());

    // then
    assertThat(keys("k/")).isEqualTo(inOrder);
    assertThat(keys("")).hasSize(10).endsWith("k0/x");
    assertThat(keys("k/a/")).containsExactly("k/a/b", "k/a/c/d");
    assertThat(keys("k/a")).isEqualTo(inOrder.subList(0, 6));
    assertThat(keys("k/a/c/d")).containsExactly("k/a/c/d");
    assertThat(keys("k/a/c/d/")).isEmpty();
    assertThat(keys("nothing/here/")).isEmpty();
    try (Stream<StoredObject> first = store().list("k/")) {
      assertThat(first.findFirst()).map(object -> object.key().value()).contains("k/a!");
    }
  }

  @Test
  void listsWhatAHeadShows() {
    // given
    store().create(UPLOADED, bytes("content"), Map.of("pgbackup-sha256", "1"));

    // when
    StoredObject head = store().head(UPLOADED).orElseThrow();
    StoredObject listed = store().list("c1/").findFirst().orElseThrow();

    // then
    assertThat(listed.key()).isEqualTo(head.key());
    assertThat(listed.size()).isEqualTo(head.size()).isEqualTo(7);
    assertThat(listed.version()).isEqualTo(head.version());
    assertThat(listed.metadata()).isEmpty();
    assertThat(Duration.between(head.modified(), Instant.now()).abs())
        .isLessThan(Duration.ofMinutes(10));
  }

  @Test
  void pagesThroughMoreThanAThousandObjects() throws Exception {
    // given
    List<ObjectKey> keys =
        IntStream.range(0, 1_050)
            .mapToObj(number -> new ObjectKey("c1/wal_005/%04d".formatted(number)))
            .toList();
    together(
        keys.stream()
            .<Callable<CreateOutcome>>map(key -> () -> store().create(key, bytes("x"), Map.of()))
            .toList());

    // then
    assertThat(store().list("c1/").map(StoredObject::key)).isEqualTo(keys);
    assertThat(store().folders(StoreFolder.of("c1"))).containsExactly(StoreFolder.of("c1/wal_005"));
    FolderListing all = store().folders(StoreFolder.of("c1/wal_005"), 9);
    assertThat(all.complete()).isTrue();
    assertThat(store().folders(StoreFolder.of("c1/wal_005"), 1))
        .isEqualTo(new FolderListing(List.of(), 1, all.pages() == 1));

    // when
    List<ObjectKey> refused = store().delete(keys);

    // then
    assertThat(refused).isEmpty();
    assertHoldsOnly();
  }

  @Test
  void namesTheFoldersDirectlyInside() {
    // given
    Stream.of("c1/a/x", "c1/b/y/z", "c10/a/x", "c1/object", "d/x")
        .forEach(key -> store().create(new ObjectKey(key), bytes(key), Map.of()));

    // then
    assertThat(folders("")).containsExactly("c1/", "c10/", "d/");
    assertThat(folders("c1/")).containsExactly("c1/a/", "c1/b/");
    assertThat(folders("c1/b/y/")).isEmpty();
    assertThat(folders("missing/")).isEmpty();
  }

  @Test
  void listsTheObjectsDirectlyInside() {
    // given
    Stream.of("c1/a", "c1/ab", "c1/abc/x", "c1/b", "c10/a", "d")
        .forEach(key -> store().create(new ObjectKey(key), bytes(key), Map.of()));

    // then
    assertThat(objects("c1/", "")).containsExactly("c1/a", "c1/ab", "c1/b");
    assertThat(objects("c1/", "a")).containsExactly("c1/a", "c1/ab");
    assertThat(objects("", "")).containsExactly("d");
    assertThat(objects("missing/", "a")).isEmpty();
  }

  @Test
  void saysThatAMissingObjectIsMissing() {
    assertThat(store().head(UPLOADED)).isEmpty();
    assertThatThrownBy(() -> store().open(UPLOADED))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure.problem()).isInstanceOf(Problem.NotFound.class);
              assertThat(failure).hasMessageContaining(UPLOADED.value());
            });
  }

  @Test
  void deletesAndCountsMissingKeysAsDeleted() {
    // given
    ObjectKey kept = new ObjectKey("c1/wal_005/kept");
    store().create(UPLOADED, bytes("x"), Map.of("pgbackup-sha256", "1"));
    store().create(kept, bytes("y"), Map.of());

    // when
    List<ObjectKey> refused =
        store().delete(List.of(UPLOADED, new ObjectKey("c1/missing"), UPLOADED));

    // then
    assertThat(refused).isEmpty();
    assertHoldsOnly(kept);
    assertThat(store().delete(List.of())).isEmpty();
  }

  @Test
  void aNewObjectDoesNotInheritTheMetadataOfADeletedOne() {
    // given
    store().create(UPLOADED, bytes("old"), Map.of("pgbackup-sha256", "1"));
    store().delete(List.of(UPLOADED));

    // when
    store().create(UPLOADED, bytes("new"), Map.of());

    // then
    assertThat(store().head(UPLOADED).orElseThrow().metadata()).isEmpty();
  }

  @Test
  void replacesOnlyTheExpectedVersion() {
    ObjectKey lease = new ObjectKey("c1/pgbackup/leases/backup");

    // when, then: made only where there is none
    assertThat(store().replace(lease, bytes("0"), Optional.of("\"0\""))).isEmpty();
    String first = store().replace(lease, bytes("1"), Optional.empty()).orElseThrow();
    assertThat(store().replace(lease, bytes("x"), Optional.empty())).isEmpty();
    assertThat(store().head(lease).orElseThrow().version()).isEqualTo(first);

    // when, then: the version moves on
    String second = store().replace(lease, bytes("2"), Optional.of(first)).orElseThrow();
    assertThat(second).isNotEqualTo(first);
    assertThat(store().replace(lease, bytes("x"), Optional.of(first))).isEmpty();
    assertThat(content(lease)).isEqualTo(bytes("2"));
    assertThat(store().head(lease).orElseThrow().version()).isEqualTo(second);

    // when, then: nothing comes back
    store().delete(List.of(lease));
    assertThat(store().replace(lease, bytes("x"), Optional.of(second))).isEmpty();
    assertThat(store().head(lease)).isEmpty();
  }

  @Test
  void letsOneOfManyReplace() throws Exception {
    ObjectKey lease = new ObjectKey("c1/pgbackup/leases/backup");
    String version = store().replace(lease, bytes("0"), Optional.empty()).orElseThrow();

    // when
    List<Optional<String>> outcomes =
        together(
            IntStream.range(0, 8)
                .<Callable<Optional<String>>>mapToObj(
                    number ->
                        () -> store().replace(lease, bytes("w" + number), Optional.of(version)))
                .toList());

    // then
    List<Optional<String>> winners = outcomes.stream().filter(Optional::isPresent).toList();
    assertThat(winners).hasSize(1);
    assertThat(content(lease)).isEqualTo(bytes("w" + outcomes.indexOf(winners.getFirst())));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "with space/a b",
        "a+b",
        "a%20b/%2F/100%",
        "ünï/日本/😀",
        "a&b=c?d#e",
        "quotes'\"<>",
        "~!@$^*()_-:;,.|",
        "back\\slash",
        ".hidden/..x/x..",
        "[a]{b}`c"
      })
  void takesAnyKey(String text) {
    ObjectKey key = new ObjectKey(text);

    // when
    store().create(key, bytes(text), Map.of("pgbackup-sha256", "1"));

    // then
    assertThat(content(key)).isEqualTo(bytes(text));
    assertThat(store().head(key).orElseThrow().metadata())
        .isEqualTo(Map.of("pgbackup-sha256", "1"));
    assertThat(keys("")).containsExactly(text);
    assertThat(keys(text)).containsExactly(text);
    int slash = text.indexOf('/') + 1;
    assertThat(folders("")).isEqualTo(slash == 0 ? List.of() : List.of(text.substring(0, slash)));
    assertThat(store().create(key, bytes("x"), Map.of())).isInstanceOf(AlreadyThere.class);
    assertThat(store().delete(List.of(key))).isEmpty();
    assertHoldsOnly();
  }

  @Test
  void mayBeReadInPart() throws Exception {
    // given
    byte[] content = random(2 * PART);
    store().create(UPLOADED, content, Map.of());

    // when
    byte[] beginning;
    try (InputStream stream = store().open(UPLOADED)) {
      beginning = stream.readNBytes(10);
    }

    // then
    assertThat(beginning).isEqualTo(Arrays.copyOf(content, 10));
    assertThat(content(UPLOADED)).isEqualTo(content);
  }

  protected byte[] content(ObjectKey key) {
    try (InputStream stream = store().open(key)) {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private List<String> keys(String prefix) {
    try (Stream<StoredObject> objects = store().list(prefix)) {
      return objects.map(object -> object.key().value()).toList();
    }
  }

  private List<String> objects(String parent, String namePrefix) {
    try (Stream<StoredObject> objects = store().objects(new StoreFolder(parent), namePrefix)) {
      return objects.map(object -> object.key().value()).toList();
    }
  }

  private List<String> folders(String parent) {
    return store().folders(new StoreFolder(parent)).stream().map(StoreFolder::path).toList();
  }

  private static void writeUnevenly(ObjectUpload upload, byte[] content) throws IOException {
    int position = 0;
    for (int length = 1; position < content.length; length = length * 3 + 1) {
      if (length == 1) {
        upload.stream().write(content[position]);
      } else {
        upload.stream().write(content, position, Math.min(length, content.length - position));
      }
      position += length;
    }
  }

  private static <T> List<T> together(List<Callable<T>> tasks) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
      List<T> results = new ArrayList<>();
      for (Future<T> result : threads.invokeAll(tasks)) {
        results.add(result.get());
      }
      return results;
    }
  }

  static final class Texts {
    private Texts() {}

    static byte[] bytes(String text) {
      return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] random(int size) {
      byte[] bytes = new byte[size];
      new Random(size).nextBytes(bytes);
      return bytes;
    }
  }
}
