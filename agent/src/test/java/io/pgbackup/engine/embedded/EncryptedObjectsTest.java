package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.crypto.Marks;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.tail.Piece;
import io.pgbackup.engine.tail.Pieces;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.TestKeys;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The engine with a cipher: what lies in the store, and what is said without the key.
class EncryptedObjectsTest {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("orders"));
  private static final WalFileName SEGMENT = WalFileName.parse("000000010000000000000005");
  private static final WalFileName NEXT = WalFileName.parse("000000010000000000000006");
  private static final WalFileName HISTORY = WalFileName.parse("00000002.history");
  private static final byte[] LINE = "1\t0/5000000\tno recovery target\n".getBytes(UTF_8);
  private static final String OTHER = "ff".repeat(32);

  @TempDir private Path folder;
  private final AtomicInteger opened = new AtomicInteger();
  private final MemoryObjectStore store =
      new MemoryObjectStore() {
        @Override
        public synchronized InputStream open(ObjectKey key) {
          opened.incrementAndGet();
          return super.open(key);
        }
      };
  private TestKeys keys;
  private ObjectCipher cipher;

  @BeforeEach
  void keys() {
    keys = new TestKeys(folder);
    cipher = keys.libsodium();
  }

  @ParameterizedTest
  @EnumSource
  void whatIsPushedLiesEncryptedAndComesBack(Codec codec) {
    for (ObjectCipher each : List.of(cipher, keys.openPgp("rsa"), keys.openPgp("curve"))) {
      MemoryObjectStore own = new MemoryObjectStore();
      var engine = new EmbeddedWalEngine(own, LAYOUT, new Packing(codec, each), Optional.of(SIZE));

      assertThat(engine.push(SEGMENT, segment(1))).isEqualTo(Pushed.STORED);
      assertThat(engine.push(HISTORY, LINE)).isEqualTo(Pushed.STORED);

      assertThat(engine.fetch(SEGMENT)).hasValue(segment(1));
      assertThat(engine.fetch(HISTORY)).hasValue(LINE);
      assertThatThrownBy(
              () -> new EmbeddedWalEngine(own, LAYOUT, codec, Optional.of(SIZE)).fetch(SEGMENT))
          .isInstanceOfSatisfying(
              PgBackupException.class,
              e -> assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsStreamedLiesEncryptedAndIsNoEndOfWalWithoutTheKey(Codec codec) {
    WalSegment at = WalSegment.parse(SEGMENT.text(), SIZE);
    byte[] half = Arrays.copyOf(segment(1), SIZE.bytes() / 2);
    Piece first = new Piece(at, at.start(), at.start().plus(1000));
    Piece second = new Piece(at, first.to(), at.start().plus(half.length));
    ObjectCipher other = Encryption.open(keys.libsodium(OTHER));
    pieces(other).put(first, Arrays.copyOf(half, 1000), new Packing(codec, other));
    pieces(cipher)
        .put(second, Arrays.copyOfRange(half, 1000, half.length), new Packing(codec, cipher));

    ObjectCipher both =
        Encryption.open(keys.libsodium(TestKeys.GOLDEN, keys.file("previous", OTHER)));
    assertThat(pieces(both).read(at).orElseThrow().content())
        .isEqualTo(Arrays.copyOf(half, SIZE.bytes()));
    for (ObjectCipher lacking : List.of(ObjectCipher.NONE, cipher, other)) {
      assertThatThrownBy(() -> pieces(lacking).read(at))
          .isInstanceOfSatisfying(
              PgBackupException.class,
              e -> {
                assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
                assertThat(e.problem().message())
                    .contains("orders/pgbackup/stream/" + SEGMENT.text())
                    .contains("is encrypted with the key libsodium:");
                assertThat(e.problem().hint().orElseThrow()).contains("encryption");
              });
    }
  }

  private Pieces pieces(ObjectCipher with) {
    return new Pieces(store, LAYOUT, with);
  }

  @Test
  void theFirstObjectIsReadBackAndNoOther() {
    EmbeddedWalEngine engine = engine(cipher);

    engine.push(SEGMENT, segment(1));
    int first = opened.get();
    engine.push(NEXT, segment(2));

    assertThat(first).isPositive();
    assertThat(opened).hasValue(first);
  }

  @Test
  void aCipherThatDoesNothingIsNoticedForGood() {
    ObjectCipher idle = broken(cipher, "encrypting", sink -> sink);
    EmbeddedWalEngine engine = engine(idle);

    assertThatThrownBy(() -> engine.push(SEGMENT, segment(1)))
        .hasMessage(
            "orders/wal_005/000000010000000000000005.lz4 was to be encrypted, but was read back and"
                + " is not: it can be read without a key");
    assertThatThrownBy(() -> engine.push(SEGMENT, segment(1)))
        .hasMessageContaining("was to be encrypted");
  }

  @Test
  void whatFailedItsProofIsNotTakenForStoredByTheNextRun() {
    EmbeddedWalEngine idle = engine(broken(cipher, "encrypting", sink -> sink));
    assertThatThrownBy(() -> idle.push(SEGMENT, segment(1))).hasMessageContaining("is not");

    EmbeddedWalEngine next = engine(cipher);
    next.push(NEXT, segment(2));

    assertThatThrownBy(() -> next.push(SEGMENT, segment(1)))
        .hasMessageContaining(
            "was to be encrypted, but was read back and is not: it can be read without a key");
    assertThatThrownBy(() -> next.push(HISTORY, LINE)).hasMessageContaining("is not");
  }

  @Test
  void whatAnotherKeyEncryptedIsNotThisRunsToProve() {
    ObjectCipher old = keys.openPgp("rsa");
    engine(old).push(SEGMENT, segment(1));
    ObjectCipher now =
        Encryption.open(keys.libsodium(TestKeys.GOLDEN, keys.resource("openpgp/rsa-secret.asc")));

    assertThat(engine(now).push(SEGMENT, segment(1))).isEqualTo(Pushed.ALREADY_STORED);
  }

  @Test
  void aKeyThatDoesNotGiveBackWhatItEncryptedIsNoticed() {
    ObjectCipher other = Encryption.open(keys.libsodium(OTHER));
    ObjectCipher mixed = broken(cipher, "encrypting", sink -> encrypting(other, sink));

    assertThatThrownBy(() -> engine(mixed).push(SEGMENT, segment(1)))
        .hasMessageContaining("was to be encrypted, but was read back and is not: ");
  }

  @Test
  void publicKeysAloneProveWhatTheyCan() {
    ObjectCipher writing =
        Encryption.open(keys.openPgp(Optional.of("rsa-public"), Optional.empty()));
    EmbeddedWalEngine engine = engine(writing);

    assertThat(engine.push(SEGMENT, segment(1))).isEqualTo(Pushed.STORED);

    assertThat(engine(keys.openPgp("rsa")).fetch(SEGMENT)).hasValue(segment(1));
    assertThatThrownBy(() -> engine(broken(writing, "encrypting", sink -> sink)).push(NEXT, LINE))
        .hasMessageContaining("was to be encrypted");
  }

  @Test
  void theSameAgainIsTheSameThoughItIsEncryptedOtherwise() {
    for (ObjectCipher each :
        List.of(
            cipher,
            keys.openPgp("rsa"),
            Encryption.open(keys.openPgp(Optional.of("rsa-public"), Optional.empty())))) {
      MemoryObjectStore own = new MemoryObjectStore();
      var packing = new Packing(Codec.LZ4, each);
      var engine = new EmbeddedWalEngine(own, LAYOUT, packing, Optional.of(SIZE));
      engine.push(SEGMENT, segment(1));

      assertThat(engine.push(SEGMENT, segment(1))).isEqualTo(Pushed.ALREADY_STORED);
      assertThatThrownBy(() -> engine.push(SEGMENT, segment(2)))
          .hasMessageContaining("already holds other content");
    }
  }

  @Test
  void nothingBesideAnEncryptedObjectShowsItsDigest() {
    engine(cipher).push(SEGMENT, segment(1));
    engine(cipher).push(NEXT, segment(1));

    Map<String, String> one = store.head(LAYOUT.wal(SEGMENT, Codec.LZ4)).orElseThrow().metadata();
    Map<String, String> two = store.head(LAYOUT.wal(NEXT, Codec.LZ4)).orElseThrow().metadata();
    assertThat(one).containsOnlyKeys(Marks.KEY, Marks.SALTED);
    assertThat(one.get(Marks.KEY)).isEqualTo(cipher.fingerprint().orElseThrow());
    assertThat(one.get(Marks.SALTED)).isNotEqualTo(two.get(Marks.SALTED));
  }

  @Test
  void withoutTheKeyItIsNamed() {
    engine(cipher).push(SEGMENT, segment(1));
    ObjectCipher other = Encryption.open(keys.libsodium(OTHER));

    assertThatThrownBy(() -> engine(ObjectCipher.NONE).fetch(SEGMENT))
        .hasMessage(
            "orders/wal_005/000000010000000000000005.lz4 is encrypted with the key %s; no key to"
                + " read with is configured",
            cipher.fingerprint().orElseThrow());
    assertThatThrownBy(() -> engine(other).fetch(SEGMENT))
        .hasMessageContaining("is encrypted with the key " + cipher.fingerprint().orElseThrow())
        .hasMessageEndingWith("configured is " + other.fingerprint().orElseThrow());
  }

  @Test
  void withoutTheKeyNothingIsCompared() {
    engine(cipher).push(SEGMENT, segment(1));

    assertThatThrownBy(() -> engine(ObjectCipher.NONE).push(SEGMENT, segment(1)))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class))
        .hasMessageContaining("cannot compare");
  }

  @Test
  void anArchiveBegunPlainIsReadObjectByObject() {
    engine(ObjectCipher.NONE).push(SEGMENT, segment(1));

    EmbeddedWalEngine now = engine(cipher);
    now.push(NEXT, segment(2));

    assertThat(now.fetch(SEGMENT)).hasValue(segment(1));
    assertThat(now.fetch(NEXT)).hasValue(segment(2));
    assertThat(now.push(SEGMENT, segment(1))).isEqualTo(Pushed.ALREADY_STORED);
    assertThatThrownBy(() -> now.push(SEGMENT, segment(3)))
        .hasMessageContaining("already holds other content");
  }

  @ParameterizedTest
  @EnumSource
  void aPlainObjectThatSaysItHasAKeyIsNotBelieved(Codec codec) {
    store.create(
        LAYOUT.wal(SEGMENT, codec), codec.compress(segment(1)), cipher.mark("00".repeat(32)));

    assertThatThrownBy(() -> engine(cipher).fetch(SEGMENT))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class))
        .hasMessageContaining("the key " + cipher.fingerprint().orElseThrow());
  }

  @ParameterizedTest
  @EnumSource
  void aBackupsFirstPartIsReadBack(Codec codec) throws IOException {
    StoreFolder parts = StoreFolder.of("parts");
    BackupParts good = new BackupParts(store, parts, new Packing(codec, cipher));
    BackupParts bad =
        new BackupParts(
            store, parts, new Packing(codec, broken(cipher, "encrypting", sink -> sink)));

    try (PartWriter part = good.named("part_001")) {
      part.label("backup_label", segment(1));
      good.finish(part);
    }
    int first = opened.get();
    try (PartWriter part = good.named("part_002")) {
      part.label("backup_label", LINE);
      good.finish(part);
    }

    assertThat(opened).hasValue(first);
    assertThatThrownBy(
            () -> {
              try (PartWriter part = bad.named("part_003")) {
                part.label("backup_label", LINE);
                bad.finish(part);
              }
            })
        .hasMessageContaining("part_003.tar" + codec.extension() + " was to be encrypted");
  }

  private EmbeddedWalEngine engine(ObjectCipher with) {
    return new EmbeddedWalEngine(store, LAYOUT, new Packing(Codec.LZ4, with), Optional.of(SIZE));
  }

  private interface Faulty {
    OutputStream encrypting(OutputStream sink);
  }

  /// A cipher of which one method does something else.
  private static ObjectCipher broken(ObjectCipher real, String method, Faulty faulty) {
    return (ObjectCipher)
        Proxy.newProxyInstance(
            ObjectCipher.class.getClassLoader(),
            new Class<?>[] {ObjectCipher.class},
            (_, called, arguments) -> {
              if (called.getName().equals(method)) {
                return faulty.encrypting((OutputStream) arguments[0]);
              }
              try {
                return called.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static OutputStream encrypting(ObjectCipher cipher, OutputStream sink) {
    try {
      return cipher.encrypting(sink);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] segment(long seed) {
    byte[] content = new byte[SIZE.bytes()];
    new Random(seed).nextBytes(content);
    return content;
  }
}
