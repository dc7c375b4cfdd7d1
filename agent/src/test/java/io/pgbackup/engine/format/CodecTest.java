package io.pgbackup.engine.format;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CodecTest {
  private static final int ANY_SIZE = 1 << 30;

  @ParameterizedTest
  @EnumSource
  void nothingComesBackAsNothing(Codec codec) {
    assertThat(codec.decompress(codec.compress(new byte[0]), "it", 0)).isEmpty();
  }

  @Property(tries = 60)
  void whatWasCompressedComesBack(
      @ForAll("framed") Codec codec,
      @ForAll @IntRange(max = 10 << 20) int size,
      @ForAll @IntRange(min = 1, max = 256) int symbols,
      @ForAll long seed)
      throws IOException {
    assertThatItComesBack(codec, content(size, symbols, seed));
  }

  @Property(tries = 60)
  void whatWasCompressedSlowlyComesBack(
      @ForAll("streams") Codec codec,
      @ForAll @IntRange(max = 300_000) int size,
      @ForAll @IntRange(min = 1, max = 256) int symbols,
      @ForAll long seed)
      throws IOException {
    assertThatItComesBack(codec, content(size, symbols, seed));
  }

  private static void assertThatItComesBack(Codec codec, byte[] content) throws IOException {
    var stream = new ByteArrayOutputStream();
    try (var compressing = codec.compressing(stream)) {
      compressing.write(content);
    }
    byte[] stored = codec.compress(content);
    assertThat(Arrays.equals(stored, stream.toByteArray())).as("bytes and streams alike").isTrue();

    byte[] back = codec.decompress(stored, "it", content.length);

    assertThat(Arrays.equals(back, content)).isTrue();
  }

  @Test
  void lz4FramesHaveIndependentBlocksAndAChecksum() {
    assertThat(Arrays.copyOf(Codec.LZ4.compress(new byte[100]), 6))
        .isEqualTo(HexFormat.of().parseHex("04224d186450"));
  }

  @Test
  void zstdFramesCarryChecksums() {
    byte[] stored = Codec.ZSTD.compress(new byte[100]);

    assertThat(Arrays.copyOf(stored, 4)).isEqualTo(HexFormat.of().parseHex("28b52ffd"));
    assertThat(stored[4] & 0x04).as("content checksum flag").isNotZero();
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD", "GZIP"})
  void concatenatedFramesAreRead(Codec codec) throws IOException {
    var stored = new ByteArrayOutputStream();
    stored.write(codec.compress("one ".getBytes(US_ASCII)));
    stored.write(codec.compress(new byte[0]));
    stored.write(codec.compress("two".getBytes(US_ASCII)));

    assertThat(codec.decompress(stored.toByteArray(), "it", 7)).asString().isEqualTo("one two");
  }

  @ParameterizedTest
  @EnumSource(names = {"BROTLI", "LZMA"})
  void whatFollowsTheEndOfAStreamIsNoticed(Codec codec) {
    byte[] stored = codec.compress("one".getBytes(US_ASCII));

    assertDamaged(() -> codec.decompress(Arrays.copyOf(stored, stored.length + 1), "it", ANY_SIZE));
    assertDamaged(
        () -> codec.decompress(Arrays.copyOf(stored, stored.length + 200_000), "it", ANY_SIZE));
  }

  @Property(tries = 100)
  void everyTruncationOfAStreamIsNoticed(
      @ForAll("streams") Codec codec,
      @ForAll @IntRange(max = 300_000) int size,
      @ForAll double where,
      @ForAll long seed) {
    byte[] stored = codec.compress(content(size, 200, seed));

    byte[] truncated = Arrays.copyOf(stored, (int) (Math.abs(where % 1) * stored.length));

    assertDamaged(() -> codec.decompress(truncated, "it", ANY_SIZE));
  }

  @Property(tries = 200)
  void everyTruncationIsNoticed(
      @ForAll("framed") Codec codec,
      @ForAll @IntRange(max = 300_000) int size,
      @ForAll @IntRange(min = 1, max = 3) int frames,
      @ForAll double where,
      @ForAll long seed) {
    byte[] frame = codec.compress(content(size, 200, seed));
    var stored = new ByteArrayOutputStream();
    for (int i = 0; i < frames; i++) {
      stored.writeBytes(frame);
    }
    int length = (int) (Math.abs(where % 1) * stored.size());
    if (length > 0 && length % frame.length == 0) {
      length--;
    }

    byte[] truncated = Arrays.copyOf(stored.toByteArray(), length);

    assertDamaged(() -> codec.decompress(truncated, "it", ANY_SIZE));
  }

  @Property(tries = 400)
  void aChangedBitIsNoticedOrChangesNothing(
      @ForAll("framed") Codec codec,
      @ForAll @IntRange(max = 100_000) int size,
      @ForAll @IntRange(min = 0) int position,
      @ForAll @IntRange(max = 7) int bit,
      @ForAll long seed) {
    byte[] content = content(size, 20, seed);
    byte[] stored = codec.compress(content);
    stored[position % stored.length] ^= (byte) (1 << bit);

    try {
      assertThat(codec.decompress(stored, "it", 64 << 20)).isEqualTo(content);
    } catch (PgBackupException e) {
      assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
    }
  }

  @Property(tries = 300)
  void foreignBytesNeitherHangNorExhaustMemory(
      @ForAll("any") Codec codec, @ForAll byte[] tail, @ForAll boolean withMagic) {
    var stored = new ByteArrayOutputStream();
    if (withMagic) {
      stored.writeBytes(Arrays.copyOf(codec.compress(new byte[0]), 4));
    }
    stored.writeBytes(tail);

    try {
      codec.decompress(stored.toByteArray(), "it", 64 << 20);
    } catch (PgBackupException e) {
      assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
    }
  }

  /// The resources were written by the stock tools: `lz4 -BD -B4`, `zstd -19 --long=27 --no-check`
  /// and `gzip -9`, from a stream.
  @ParameterizedTest
  @CsvSource({
    "LZ4, /codec/linked-blocks.lz4",
    "ZSTD, /codec/long-window.zst",
    "GZIP, /codec/best.gz"
  })
  void whatStockToolsWriteOtherwiseIsRead(Codec codec, String resource) throws IOException {
    try (InputStream stored = requireNonNull(getClass().getResourceAsStream(resource))) {
      byte[] frame = stored.readAllBytes();
      var twice = new ByteArrayOutputStream();
      twice.writeBytes(frame);
      twice.writeBytes(frame);

      byte[] content = codec.decompress(twice.toByteArray(), resource, 300_000);

      String line = "the same line, again and again\n";
      String once = line.repeat(5000).substring(0, 150_000);
      assertThat(new String(content, US_ASCII)).isEqualTo(once + once);
      assertDamaged(
          () -> codec.decompress(Arrays.copyOf(frame, frame.length - 5), resource, 300_000));
    }
  }

  /// Written by `xz --format=lzma -9`, whose dictionary has 64 MiB, and by brotli's own library
  /// with quality 11 and a window of 16 MiB.
  @ParameterizedTest
  @CsvSource({"LZMA, /codec/best.lzma", "BROTLI, /codec/best.br"})
  void streamsOfStockToolsAreRead(Codec codec, String resource) throws IOException {
    try (InputStream stored = requireNonNull(getClass().getResourceAsStream(resource))) {
      assertThat(codec.decompress(stored, resource, 150_000))
          .asString(US_ASCII)
          .isEqualTo("the same line, again and again\n".repeat(5000).substring(0, 150_000));
    }
  }

  @Test
  void aDictionaryThatWouldExhaustMemoryIsRefused() {
    byte[] stored = Codec.LZMA.compress("one".getBytes(US_ASCII));
    Arrays.fill(stored, 1, 5, (byte) 0xFF);

    assertDamaged(() -> Codec.LZMA.decompress(stored, "it", 10));
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD", "GZIP", "LZMA"})
  void otherBytesAreSaidToBeEncryptedOrDamaged(Codec codec) {
    assertThatThrownBy(() -> codec.decompress("no such thing".getBytes(US_ASCII), "wal_005/x", 100))
        .hasMessageContaining("wal_005/x is not")
        .hasMessageContaining("it is encrypted, or damaged");
  }

  @ParameterizedTest
  @EnumSource
  void moreThanTheLimitIsRefused(Codec codec) {
    byte[] stored = codec.compress(new byte[1001]);

    assertDamaged(() -> codec.decompress(stored, "it", 1000));
  }

  @ParameterizedTest
  @EnumSource
  void aFailureOfTheSourceIsNotTakenForDamage(Codec codec) {
    var broken =
        new FilterInputStream(InputStream.nullInputStream()) {
          @Override
          public int read(byte[] bytes, int offset, int length) throws IOException {
            throw new IOException("connection reset");
          }
        };

    assertThatThrownBy(() -> codec.decompress(broken, "it", 10))
        .isInstanceOf(IOException.class)
        .hasMessage("connection reset");
  }

  @Provide
  Arbitrary<Codec> framed() {
    return Arbitraries.of(Codec.LZ4, Codec.ZSTD, Codec.GZIP);
  }

  @Provide
  Arbitrary<Codec> streams() {
    return Arbitraries.of(Codec.BROTLI, Codec.LZMA);
  }

  @Provide
  Arbitrary<Codec> any() {
    return Arbitraries.of(Codec.values());
  }

  private static void assertDamaged(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .asInstanceOf(type(PgBackupException.class))
        .extracting(PgBackupException::problem)
        .isInstanceOf(Problem.VerificationFailed.class);
  }

  private static byte[] content(int size, int symbols, long seed) {
    var random = new Random(seed);
    byte[] content = new byte[size];
    for (int i = 0; i < size; i++) {
      content[i] = (byte) random.nextInt(symbols);
    }
    return content;
  }
}
