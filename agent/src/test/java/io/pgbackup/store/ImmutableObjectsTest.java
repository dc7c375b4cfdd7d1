package io.pgbackup.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgbackup.crypto.Sha256;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ImmutableObjects.Decoder;
import io.pgbackup.store.ImmutableObjects.Stored;
import io.pgbackup.store.file.FileObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImmutableObjectsTest {
  private static final ObjectKey KEY = new ObjectKey("c1/wal_005/x");
  private static final String PLAINTEXT = "plaintext";
  private static final String DIGEST = Sha256.hex(PLAINTEXT.getBytes(UTF_8));
  private static final Decoder NOT_ASKED =
      _ -> {
        throw new AssertionError("metadata says what is in it");
      };

  @TempDir Path directory;
  private ObjectStore store;
  private ImmutableObjects objects;

  @BeforeEach
  void open() {
    store = FileObjectStore.open(directory);
    objects = new ImmutableObjects(store);
  }

  @Test
  void storesWhatIsNotThere() {
    // when
    Stored stored = objects.put(KEY, bytes("encoded"), DIGEST, NOT_ASKED);

    // then
    assertThat(stored).isEqualTo(Stored.STORED);
    assertThat(store.head(KEY).orElseThrow().metadata())
        .isEqualTo(Map.of("pgbackup-sha256", DIGEST));
  }

  @Test
  void takesTheSamePlaintextInOtherBytesForTheSame() {
    // given
    objects.put(KEY, bytes("encoded"), DIGEST, NOT_ASKED);

    // when, then
    assertThat(objects.put(KEY, bytes("encoded differently"), DIGEST, NOT_ASKED))
        .isEqualTo(Stored.ALREADY_STORED);
  }

  @Test
  void refusesOtherPlaintext() {
    // given
    objects.put(KEY, bytes("encoded"), DIGEST, NOT_ASKED);

    // when
    Problem problem = refused(bytes("encoded"), Sha256.hex(bytes("other")), NOT_ASKED);

    // then
    assertThat(problem.message()).contains("other content", KEY.value(), store.url());
    assertThat(content()).isEqualTo(bytes("encoded"));
  }

  @Test
  void decodesWhatHasNoDigest() {
    // given
    store.create(KEY, bytes("PLAINTEXT"), Map.of());
    Decoder toLowerCase =
        stored ->
            new java.io.ByteArrayInputStream(
                bytes(new String(stored.readAllBytes(), UTF_8).toLowerCase(java.util.Locale.ROOT)));

    // when, then
    assertThat(objects.put(KEY, bytes("new"), DIGEST, toLowerCase))
        .isEqualTo(Stored.ALREADY_STORED);
    assertThat(refused(bytes("new"), Sha256.hex(bytes("other")), toLowerCase).message())
        .contains("other content");
  }

  @Test
  void refusesWhatCannotBeDecodedAsIncomparable() {
    // given
    store.create(KEY, bytes("no gzip at all"), Map.of());

    // when
    Problem problem = refused(bytes("new"), DIGEST, GZIPInputStream::new);

    // then
    assertThat(problem.message()).contains("cannot compare", KEY.value());
    assertThat(content()).isEqualTo(bytes("no gzip at all"));
  }

  @Test
  void aStoreThatFailsWhileReadingIsNoContentThatCannotBeCompared() {
    // given
    store.create(KEY, bytes("encoded"), Map.of());
    PgBackupException outage =
        Problem.storageUnavailable("connection reset", "Try again.").asException();
    Decoder readsFromABrokenConnection =
        _ ->
            new InputStream() {
              @Override
              public int read() {
                throw outage;
              }

              @Override
              public int read(byte[] bytes, int offset, int length) {
                throw outage;
              }
            };

    // when, then
    assertThatThrownBy(() -> objects.put(KEY, bytes("new"), DIGEST, readsFromABrokenConnection))
        .isSameAs(outage);
  }

  private Problem refused(byte[] content, String digest, Decoder decoder) {
    PgBackupException failure =
        catchThrowableOfType(
            PgBackupException.class, () -> objects.put(KEY, content, digest, decoder));
    assertThat(failure.problem()).isInstanceOf(Problem.Refused.class);
    return failure.problem();
  }

  private byte[] content() {
    try (InputStream stream = store.open(KEY)) {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
