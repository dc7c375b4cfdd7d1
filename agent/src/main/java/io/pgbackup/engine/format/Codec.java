package io.pgbackup.engine.format;

import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/// How an object is compressed; the text after the last dot of its name says it.
///
/// Writes what WAL-G 3.0.9 writes: one LZ4 frame of independent 4 MiB blocks with a content
/// checksum, one zstd frame with a checksum, one raw brotli stream of quality 3, one LZMA-alone
/// stream. Reads what WAL-G reads: linked LZ4 blocks, concatenated frames, zstd windows up to 128
/// MiB, gzip. All are read to their end marks, so that a truncated object is noticed; with [#NONE]
/// nothing tells. Changed bytes are noticed where there is a checksum, which brotli and LZMA lack.
///
/// In the order in which WAL-G looks for a WAL file. Thread-safe; a stream belongs to one thread.
public enum Codec {
  LZ4(".lz4"),
  BROTLI(".br"),
  ZSTD(".zst"),
  LZMA(".lzma"),
  NONE(""),
  /// WAL-G reads it and never writes it.
  GZIP(".gz");

  private static final int BUFFER = 64 << 10;

  private final String extension;

  Codec(String extension) {
    this.extension = extension;
  }

  /// With its dot, empty for none.
  public String extension() {
    return extension;
  }

  /// The codec of a name with this extension (with its dot).
  public static Optional<Codec> byExtension(String extension) {
    return Arrays.stream(values()).filter(codec -> codec.extension.equals(extension)).findFirst();
  }

  /// What the name of a backup's tar says it is compressed with.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if that is no codec of ours
  public static Codec ofTar(ObjectKey key) {
    String name = key.name();
    String extension = name.substring(Math.max(0, name.lastIndexOf('.')));
    return extension.equals(".tar") || !name.contains(".")
        ? NONE
        : byExtension(extension)
            .filter(codec -> codec != NONE)
            .orElseThrow(
                () ->
                    Problem.verificationFailed(
                            key + " is no tar in a codec that pgbackup reads",
                            "Restore the backup with the tool that wrote it; only WAL-G reads lzo.")
                        .asException());
  }

  /// A stream that compresses what is written to it. Closing it ends the frame and closes `sink`;
  /// without that the object is truncated. Holds up to 8 MiB, for LZ4 less than one, for LZMA 32
  /// MiB.
  public OutputStream compressing(OutputStream sink) throws IOException {
    return switch (this) {
      case LZ4 -> new Lz4FrameWriter(sink);
      case BROTLI -> BrotliStreams.writer(sink);
      case ZSTD -> ZstdFrames.writer(sink);
      case LZMA -> LzmaStreams.writer(sink);
      case GZIP -> new GZIPOutputStream(sink, BUFFER);
      case NONE -> sink;
    };
  }

  /// A stream of the plaintext of `source`, which is closed with it. Memory is bounded whatever the
  /// source holds: 8 MiB for LZ4, zstd's window of at most 128 MiB, brotli's of at most 16 MiB, 80
  /// MiB for LZMA.
  ///
  /// Failures of the source pass through. Bytes that are not what the codec wrote, or that end too
  /// early, are a [io.pgbackup.problem.PgBackupException] with `VerificationFailed`.
  ///
  /// @param name what the bytes are, for the message
  public InputStream decompressing(InputStream source, String name) {
    return switch (this) {
      case LZ4 -> DecodedStream.of(source, name, "lz4", Lz4Frames::reader);
      case BROTLI -> DecodedStream.of(source, name, "brotli", BrotliStreams::reader);
      case ZSTD -> DecodedStream.of(source, name, "zstd", ZstdFrames::reader);
      case LZMA -> DecodedStream.of(source, name, "lzma", LzmaStreams::reader);
      case GZIP -> DecodedStream.of(source, name, "gzip", GzipStreams::reader);
      case NONE -> source;
    };
  }

  public byte[] compress(byte[] content) {
    return switch (this) {
      case LZ4, BROTLI, ZSTD, LZMA, GZIP -> compressThroughStream(content);
      case NONE -> content.clone();
    };
  }

  private byte[] compressThroughStream(byte[] content) {
    // of half of the size, which WAL seldom exceeds: to grow takes as much memory once more
    var sink = new ByteArrayOutputStream(content.length / 2 + 1024);
    try (OutputStream stream = compressing(sink)) {
      stream.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return sink.toByteArray();
  }

  /// @param name what the bytes are, for the message
  /// @param limit the most bytes that the plaintext can have; more is a failure
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed`, as for the stream
  public byte[] decompress(byte[] stored, String name, int limit) {
    try {
      return decompress(new ByteArrayInputStream(stored), name, limit);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads `source` to its end and closes it.
  ///
  /// @throws IOException where the source fails
  public byte[] decompress(InputStream source, String name, int limit) throws IOException {
    try (InputStream plain = decompressing(source, name)) {
      byte[] content = plain.readNBytes(limit);
      if (plain.read() >= 0) {
        throw Problem.verificationFailed(
                name + " holds more than the " + limit + " bytes it can have",
                "The object was not written by a backup tool, or is damaged.")
            .asException();
      }
      return content;
    }
  }
}
