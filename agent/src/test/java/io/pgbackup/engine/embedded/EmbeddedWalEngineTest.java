package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.MemoryObjectStore;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedWalEngineTest {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("orders"));
  private static final WalFileName SEGMENT = WalFileName.parse("000000010000000000000005");
  private static final WalFileName HISTORY = WalFileName.parse("00000002.history");

  private final MemoryObjectStore store = new MemoryObjectStore();

  @ParameterizedTest
  @EnumSource
  void aSegmentComesBackAsItWasPushed(Codec codec) {
    byte[] content = segment(1);

    assertThat(engine(codec).push(SEGMENT, content)).isEqualTo(Pushed.STORED);

    assertThat(engine(Codec.LZ4).fetch(SEGMENT)).hasValue(content);
  }

  @ParameterizedTest
  @EnumSource
  void theSameAgainIsAlreadyStoredWhateverItsCodec(Codec codec) {
    engine(Codec.LZ4).push(SEGMENT, segment(1));

    assertThat(engine(codec).push(SEGMENT, segment(1))).isEqualTo(Pushed.ALREADY_STORED);
    assertThat(store.list("")).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void otherContentIsRefusedWhateverItsCodec(Codec codec) {
    engine(Codec.LZ4).push(SEGMENT, segment(1));

    assertRefused(() -> engine(codec).push(SEGMENT, segment(2)), "already holds other content");
    assertThat(engine(Codec.LZ4).fetch(SEGMENT)).hasValue(segment(1));
  }

  @Test
  void aHistoryFileStaysWhatItIs() {
    engine(Codec.LZ4).push(HISTORY, "1\t0/5000000\tno recovery target\n".getBytes(UTF_8));

    assertRefused(
        () -> engine(Codec.LZ4).push(HISTORY, "1\t0/6000000\tother\n".getBytes(UTF_8)),
        "already holds other content as orders/wal_005/00000002.history.lz4");
  }

  @ParameterizedTest
  @EnumSource
  void anObjectWithoutDigestIsReadAndCompared(Codec codec) {
    put("wal_005/" + SEGMENT.text() + codec.extension(), codec.compress(segment(1)));

    assertThat(engine(Codec.LZ4).push(SEGMENT, segment(1))).isEqualTo(Pushed.ALREADY_STORED);
    assertRefused(() -> engine(Codec.LZ4).push(SEGMENT, segment(2)), "already holds other content");
  }

  @ParameterizedTest
  @ValueSource(strings = {".lz4", ".zst", ".br"})
  void whatCannotBeReadCannotBeCompared(String extension) {
    put("wal_005/" + SEGMENT.text() + extension, new byte[1234]);

    assertRefused(() -> engine(Codec.LZ4).push(SEGMENT, segment(1)), "cannot compare");
  }

  @Test
  void aLostAnswerOfOurOwnIsSuccess() {
    var losing =
        new MemoryObjectStore() {
          private boolean listed;

          @Override
          public synchronized Stream<StoredObject> list(String keyPrefix) {
            Stream<StoredObject> answer = listed ? super.list(keyPrefix) : Stream.of();
            listed = true;
            return answer;
          }
        };
    losing.create(LAYOUT.wal(SEGMENT, Codec.LZ4), Codec.LZ4.compress(segment(1)), Map.of());

    assertThat(engine(losing).push(SEGMENT, segment(1))).isEqualTo(Pushed.ALREADY_STORED);
  }

  @Test
  void absenceIsWhatTheListingProves() {
    put("wal_005/000000010000000000000005.partial.lz4", Codec.LZ4.compress(segment(1)));
    put("wal_005/000000010000000000000005.00000028.backup.lz4", Codec.LZ4.compress(new byte[9]));
    put("wal_005/000000010000000000000005.json", new byte[9]);
    put("wal_005/000000010000000000000005_delta.lz4", new byte[9]);

    assertThat(engine(Codec.LZ4).fetch(SEGMENT)).isEmpty();
    assertThat(engine(Codec.LZ4).push(SEGMENT, segment(2))).isEqualTo(Pushed.STORED);
  }

  @Test
  void anObjectThatVanishesIsAFailure() {
    var forgetful =
        new MemoryObjectStore() {
          @Override
          public synchronized InputStream open(ObjectKey key) {
            throw Problem.notFound("there is no " + key, "Look.").asException();
          }
        };
    forgetful.create(LAYOUT.wal(SEGMENT, Codec.LZ4), new byte[9], Map.of());

    assertProblem(
        () -> engine(forgetful).fetch(SEGMENT),
        Problem.StorageFailed.class,
        "was listed and is gone");
  }

  @Test
  void aSegmentOfAnotherSizeIsNotDelivered() {
    put("wal_005/" + SEGMENT.text() + ".lz4", Codec.LZ4.compress(new byte[4096]));

    assertProblem(
        () -> engine(Codec.LZ4).fetch(SEGMENT),
        Problem.VerificationFailed.class,
        "holds 4096 bytes, which is no whole segment of 1048576 bytes");
    assertProblem(
        () -> adopted().fetch(SEGMENT), Problem.VerificationFailed.class, "no whole segment");
  }

  @Test
  void anEncryptedSegmentIsNamedAsSuch() {
    put("wal_005/" + SEGMENT.text() + ".zst", new byte[4096]);

    assertProblem(
        () -> engine(Codec.LZ4).fetch(SEGMENT),
        Problem.VerificationFailed.class,
        "is encrypted with a key that nothing names, or damaged; no key to read with is configured");
  }

  @Test
  void aCodecThatWeDoNotHaveIsAFailureAndNotAbsence() {
    put("wal_005/" + SEGMENT.text() + ".lzo", new byte[4096]);

    assertProblem(
        () -> engine(Codec.LZ4).fetch(SEGMENT),
        Problem.VerificationFailed.class,
        "is compressed with lzo, which pgbackup does not read");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "000000010000000000000002",
        "000000010000000000000007",
        "000000020000000000000008",
      })
  void segmentsThatWalgWroteAreRead(String segment) {
    String path = "wal_005/" + segment + ".lz4";
    put(path, GoldenArchive.bytes(path));

    assertThat(adopted().fetch(WalFileName.parse(segment)).orElseThrow()).hasSize(16 << 20);
  }

  @Test
  void smallFilesThatWalgWroteAreRead() {
    for (String file :
        new String[] {"00000002.history", "000000010000000000000002.00000028.backup"}) {
      put("wal_005/" + file + ".lz4", GoldenArchive.bytes("wal_005/" + file + ".lz4"));
    }

    assertThat(adopted().fetch(HISTORY).orElseThrow()).asString().startsWith("1\t0/8");
    assertThat(
            adopted()
                .fetch(WalFileName.parse("000000010000000000000002.00000028.backup"))
                .orElseThrow())
        .asString()
        .contains("START WAL LOCATION: 0/2000028");
  }

  private EmbeddedWalEngine engine(Codec codec) {
    return new EmbeddedWalEngine(store, LAYOUT, codec, Optional.of(SIZE));
  }

  private static EmbeddedWalEngine engine(MemoryObjectStore store) {
    return new EmbeddedWalEngine(store, LAYOUT, Codec.LZ4, Optional.of(SIZE));
  }

  private EmbeddedWalEngine adopted() {
    return new EmbeddedWalEngine(store, LAYOUT, Codec.LZ4, Optional.empty());
  }

  private void put(String path, byte[] content) {
    assertThat(store.create(LAYOUT.prefix().key(path), content, Map.of()))
        .isInstanceOf(CreateOutcome.Created.class);
  }

  private static byte[] segment(long seed) {
    byte[] content = new byte[SIZE.bytes()];
    new Random(seed).nextBytes(content);
    return content;
  }

  private static void assertRefused(ThrowingCallable call, String words) {
    assertProblem(call, Problem.Refused.class, words);
  }

  private static void assertProblem(
      ThrowingCallable call, Class<? extends Problem> kind, String words) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            PgBackupException.class, e -> assertThat(e.problem()).isInstanceOf(kind))
        .hasMessageContaining(words);
  }
}
