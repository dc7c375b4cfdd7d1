package io.pgbackup.encryption;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.TestKeys;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What every cipher keeps, and what libsodium and GnuPG themselves wrote.
class CipherTest {
  private static final TestKeys KEYS = new TestKeys(folder());

  private static final ObjectCipher LIBSODIUM = KEYS.libsodium();
  private static final ObjectCipher OPENPGP_RSA = KEYS.openPgp("rsa");
  private static final ObjectCipher OPENPGP_CURVE = KEYS.openPgp("curve");

  enum Method {
    LIBSODIUM,
    OPENPGP_RSA,
    OPENPGP_CURVE;

    ObjectCipher cipher() {
      return switch (this) {
        case LIBSODIUM -> CipherTest.LIBSODIUM;
        case OPENPGP_RSA -> CipherTest.OPENPGP_RSA;
        case OPENPGP_CURVE -> CipherTest.OPENPGP_CURVE;
      };
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 8191, 8192, 8193, 16384})
  void whatLibsodiumEncryptedIsRead(int length) throws IOException {
    byte[] stored = resource("secretstream/" + length + ".bin");

    assertThat(KEYS.libsodium().recognises(head(KEYS.libsodium(), stored))).isTrue();
    assertThat(decrypted(KEYS.libsodium(), stored)).isEqualTo(vector(length));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 8191, 8192, 8193, 16384})
  void secretstreamsHaveTheLengthsOfWalgs(int length) throws IOException {
    assertThat(encrypted(KEYS.libsodium(), vector(length)))
        .hasSameSizeAs(resource("secretstream/" + length + ".bin"));
  }

  @ParameterizedTest
  @CsvSource({
    "rsa.gpg, rsa",
    "aes128.gpg, rsa",
    "both.gpg, rsa",
    "curve.gpg, curve",
    "both.gpg, curve",
    "hidden.gpg, curve",
    "compressed.gpg, curve"
  })
  void whatGnupgEncryptedIsRead(String message, String key) throws IOException {
    byte[] stored = resource("openpgp/" + message);
    ObjectCipher cipher = KEYS.openPgp(key);

    assertThat(cipher.recognises(head(cipher, stored))).isTrue();
    assertThat(decrypted(cipher, stored)).isEqualTo(vector(16384));
  }

  @Test
  void aMessageToSomebodyWhoIsNotNamedIsTriedWithEveryKey() throws IOException {
    byte[] hidden = resource("openpgp/hidden.gpg");
    ObjectCipher others =
        Encryption.open(
            KEYS.openPgp(
                Optional.of("curve-public"),
                Optional.of("curve-secret"),
                KEYS.resource("openpgp/rsa-secret.asc"),
                KEYS.resource("openpgp/another-secret.asc")));
    ObjectCipher othersFirst =
        new KeyRing(Optional.empty(), ((KeyRing) others).reading().reversed());
    ObjectCipher none = new KeyRing(Optional.empty(), ((KeyRing) others).reading().subList(1, 3));

    assertThat(decrypted(others, hidden)).isEqualTo(vector(16384));
    assertThat(decrypted(othersFirst, hidden)).isEqualTo(vector(16384));
    assertVerificationFails(() -> decrypted(none, hidden));
  }

  @Property(tries = 60)
  void whatWasEncryptedComesBack(
      @ForAll Method method,
      @ForAll @IntRange(max = 100_000) int length,
      @ForAll @IntRange(min = 1, max = 20_000) int piece,
      @ForAll long seed)
      throws IOException {
    byte[] content = random(length, seed);
    var stored = new ByteArrayOutputStream();
    try (OutputStream encrypting = method.cipher().encrypting(stored)) {
      for (int from = 0; from < length; from += piece) {
        encrypting.write(content, from, Math.min(piece, length - from));
      }
    }

    assertThat(decrypted(method.cipher(), stored.toByteArray())).isEqualTo(content);
  }

  @ParameterizedTest
  @EnumSource
  void theSameContentIsNeverTheSameObject(Method method) throws IOException {
    byte[] content = vector(1000);

    assertThat(encrypted(method.cipher(), content))
        .isNotEqualTo(encrypted(method.cipher(), content));
    assertThat(method.cipher().mark("ab")).isNotEqualTo(method.cipher().mark("ab"));
  }

  @Property(tries = 150)
  void everyTruncationIsNoticed(
      @ForAll Method method, @ForAll("lengths") int length, @ForAll double where, @ForAll long seed)
      throws IOException {
    byte[] stored = encrypted(method.cipher(), random(length, seed));

    byte[] truncated = Arrays.copyOf(stored, (int) (Math.abs(where % 1) * stored.length));

    assertVerificationFails(() -> decrypted(method.cipher(), truncated));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aSecretstreamCutOffBetweenTwoChunksIsNoticed(int chunks) throws IOException {
    byte[] stored = resource("secretstream/16384.bin");

    byte[] truncated = Arrays.copyOf(stored, 24 + chunks * 8209);

    assertVerificationFails(() -> decrypted(KEYS.libsodium(), truncated));
  }

  @Property(tries = 300)
  void everyChangedBitIsNoticed(
      @ForAll Method method,
      @ForAll("lengths") int length,
      @ForAll @IntRange(min = 0) int position,
      @ForAll @IntRange(max = 7) int bit,
      @ForAll long seed)
      throws IOException {
    byte[] content = random(length, seed);
    byte[] stored = encrypted(method.cipher(), content);
    stored[position % stored.length] ^= (byte) (1 << bit);

    try {
      // a recipient's packet has parts that say nothing, such as the key's format
      assertThat(decrypted(method.cipher(), stored)).isEqualTo(content);
      assertThat(method).isNotEqualTo(Method.LIBSODIUM);
    } catch (PgBackupException e) {
      assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatFollowsTheEndIsNoticed(Method method) throws IOException {
    byte[] stored = encrypted(method.cipher(), vector(8192));

    assertVerificationFails(
        () -> decrypted(method.cipher(), Arrays.copyOf(stored, stored.length + 1)));
  }

  @Property(tries = 300)
  void foreignBytesNeitherHangNorPass(
      @ForAll Method method, @ForAll byte[] tail, @ForAll @IntRange(max = 300) int begin)
      throws IOException {
    byte[] whole = encrypted(method.cipher(), new byte[0]);
    var stored = new ByteArrayOutputStream();
    stored.write(whole, 0, Math.min(begin, whole.length - 1));
    stored.writeBytes(tail);
    // a tail of one byte may be the one that was cut off
    Assume.that(!Arrays.equals(stored.toByteArray(), whole));

    method.cipher().recognises(head(method.cipher(), stored.toByteArray()));
    assertVerificationFails(() -> decrypted(method.cipher(), stored.toByteArray()));
  }

  @ParameterizedTest
  @EnumSource
  void aFailureOfTheSourceIsNotTakenForDamage(Method method) throws IOException {
    byte[] stored = encrypted(method.cipher(), vector(100_000));
    var broken =
        new FilterInputStream(new ByteArrayInputStream(stored, 0, 50_000)) {
          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = super.read(bytes, offset, length);
            if (count < 0) {
              throw new IOException("connection reset");
            }
            return count;
          }
        };

    assertThatThrownBy(() -> method.cipher().decrypting(broken, "it").readAllBytes())
        .isInstanceOf(IOException.class)
        .hasMessage("connection reset");
  }

  @Test
  void aMessageForSeveralKeysIsReadWithEachOfThem() throws IOException {
    for (String file : List.of("both-public", "concatenated-public")) {
      ObjectCipher both =
          Encryption.open(KEYS.openPgp(Optional.of(file), Optional.of("rsa-secret")));
      byte[] stored = encrypted(both, vector(100));

      assertThat(both.readsWhatItWrites()).isTrue();
      assertThat(decrypted(KEYS.openPgp("rsa"), stored)).isEqualTo(vector(100));
      assertThat(decrypted(KEYS.openPgp("curve"), stored)).isEqualTo(vector(100));
    }
  }

  @Test
  void publicKeysAloneWriteAndDoNotRead() throws IOException {
    ObjectCipher cipher =
        Encryption.open(KEYS.openPgp(Optional.of("rsa-public"), Optional.empty()));
    byte[] stored = encrypted(cipher, vector(100));

    assertThat(cipher.readsWhatItWrites()).isFalse();
    assertThat(decrypted(KEYS.openPgp("rsa"), stored)).isEqualTo(vector(100));
    assertThatThrownBy(() -> decrypted(cipher, stored))
        .hasMessage(
            "it is encrypted for the OpenPGP key E0B17AEA7CFFA673; no key to read with is"
                + " configured");
  }

  @Test
  void keysOfBeforeAreReadWith() throws IOException {
    byte[] old = encrypted(KEYS.libsodium(), vector(9000));
    byte[] older = encrypted(KEYS.openPgp("rsa"), vector(9001));
    ObjectCipher now =
        Encryption.open(
            KEYS.libsodium(
                "ff".repeat(32),
                KEYS.file("old", TestKeys.GOLDEN),
                KEYS.resource("openpgp/rsa-secret.asc")));

    assertThat(decrypted(now, old)).isEqualTo(vector(9000));
    assertThat(decrypted(now, older)).isEqualTo(vector(9001));
    assertThat(decrypted(now, encrypted(now, vector(9002)))).isEqualTo(vector(9002));
    assertThat(now.fingerprints())
        .containsExactly(
            now.fingerprint().orElseThrow(),
            KEYS.libsodium().fingerprint().orElseThrow(),
            "openpgp:E8A2DF832DE86A8F76CB1AC01F65B6BA4DBDC806");
  }

  @Test
  void anotherKeyIsRefusedWithBothFingerprintsWhereTheyAreKnown() throws IOException {
    byte[] stored = encrypted(KEYS.libsodium(), vector(100));
    ObjectCipher other = Encryption.open(KEYS.libsodium("ff".repeat(32)));

    assertThat(other.recognises(head(other, stored))).isFalse();
    assertThatThrownBy(() -> decrypted(other, stored))
        .hasMessage(
            "it is encrypted with a key that nothing names, or damaged; configured is "
                + other.fingerprint().orElseThrow());
    assertThatThrownBy(() -> decrypted(KEYS.openPgp("rsa"), resource("openpgp/curve.gpg")))
        .hasMessage(
            "it is encrypted for the OpenPGP key 5E91802839965238; configured is"
                + " openpgp:E8A2DF832DE86A8F76CB1AC01F65B6BA4DBDC806");
  }

  @ParameterizedTest
  @EnumSource
  void marksTellContentWithoutShowingIt(Method method) {
    String digest = "0123456789abcdef".repeat(4);

    var mark = method.cipher().mark(digest);

    assertThat(mark.values()).noneMatch(value -> value.contains(digest));
    assertThat(method.cipher().isMarked(mark, digest)).contains(true);
    assertThat(method.cipher().isMarked(mark, digest.replace('0', '1'))).contains(false);
    assertThat(ObjectCipher.NONE.isMarked(mark, digest)).isEmpty();
    assertThat(method.cipher().isMarked(ObjectCipher.NONE.mark(digest), digest)).contains(true);
  }

  @Test
  void aMarkOfAKeyThatIsNotAtHandSaysNothing() {
    var mark = KEYS.libsodium().mark("ab");
    ObjectCipher other = Encryption.open(KEYS.libsodium("ff".repeat(32)));
    ObjectCipher rotated =
        Encryption.open(KEYS.libsodium("ff".repeat(32), KEYS.file("old", TestKeys.GOLDEN)));

    assertThat(other.isMarked(mark, "ab")).isEmpty();
    assertThat(rotated.isMarked(mark, "ab")).contains(true);
  }

  @Provide
  Arbitrary<Integer> lengths() {
    return Arbitraries.of(0, 1, 100, 8191, 8192, 8193, 16384, 40_000);
  }

  private static byte[] head(ObjectCipher cipher, byte[] stored) {
    return Arrays.copyOf(stored, Math.min(stored.length, cipher.headLength()));
  }

  private static byte[] encrypted(ObjectCipher cipher, byte[] content) throws IOException {
    var sink = new ByteArrayOutputStream();
    try (OutputStream stream = cipher.encrypting(sink)) {
      stream.write(content);
    }
    return sink.toByteArray();
  }

  private static byte[] decrypted(ObjectCipher cipher, byte[] stored) throws IOException {
    try (InputStream stream = cipher.decrypting(new ByteArrayInputStream(stored), "it")) {
      return stream.readAllBytes();
    }
  }

  private static byte[] vector(int length) {
    byte[] content = new byte[length];
    for (int i = 0; i < length; i++) {
      content[i] = (byte) ((7 * i + length) % 251);
    }
    return content;
  }

  private static byte[] random(int length, long seed) {
    byte[] content = new byte[length];
    new Random(seed).nextBytes(content);
    return content;
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream content =
        requireNonNull(CipherTest.class.getResourceAsStream("/encryption/" + name))) {
      return content.readAllBytes();
    }
  }

  private static Path folder() {
    try {
      Path folder = Files.createTempDirectory("keys-");
      folder.toFile().deleteOnExit();
      return folder;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertVerificationFails(ThrowingCallable call) {
    assertThatThrownBy(call)
        .asInstanceOf(type(PgBackupException.class))
        .extracting(PgBackupException::problem)
        .isInstanceOf(Problem.VerificationFailed.class);
  }
}
