package io.pgbackup.engine.format;

import io.pgbackup.crypto.Marks;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/// How content becomes an object: compressed, then encrypted. Thread-safe; a stream belongs to one
/// thread.
public record Packing(Codec codec, ObjectCipher cipher) {
  private static final int COMPARED = 64;

  public static Packing plain(Codec codec) {
    return new Packing(codec, ObjectCipher.NONE);
  }

  /// A stream that packs what is written to it. Closing it ends the object and closes `sink`.
  public OutputStream packing(OutputStream sink) throws IOException {
    return codec.compressing(cipher.encrypting(sink));
  }

  public byte[] pack(byte[] content) {
    byte[] compressed = codec.compress(content);
    if (cipher.fingerprint().isEmpty()) {
      return compressed;
    }
    var sink = new ByteArrayOutputStream(compressed.length + compressed.length / 256 + 1024);
    try (OutputStream stream = cipher.encrypting(sink)) {
      stream.write(compressed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return sink.toByteArray();
  }

  /// Packs into memory that is the caller's; what stood there is overwritten.
  public void pack(byte[] content, PackedBytes packed) {
    packed.reset();
    try (OutputStream stream = packing(packed)) {
      stream.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A stream of the content of `source`, which is closed with it; fails as the codec's and the
  /// cipher's do. A plain object is read as well, whatever the cipher, where nothing says that it
  /// was written with a key.
  ///
  /// @param name what the bytes are, for the message
  public InputStream unpacking(InputStream source, String name) {
    return unpacking(source, name, Optional::empty);
  }

  /// @param writtenWith asked for the fingerprint of the object's key, as its writer left it, only
  ///   where no key opens it; where there is one and the object is plain, it is a failure
  public InputStream unpacking(
      InputStream source, String name, Supplier<Optional<String>> writtenWith) {
    return new UnpackedStream(source, this, name, writtenWith);
  }

  /// Opens an object of a store. Where no key opens it, what was kept beside it may say which
  /// would.
  public InputStream open(ObjectStore store, ObjectKey key) {
    return unpacking(store.open(key), key.value(), writtenWith(store, key));
  }

  /// What was kept beside an object says with which key it was written, where anything was kept.
  public static Supplier<Optional<String>> writtenWith(ObjectStore store, ObjectKey key) {
    return () ->
        store.head(key).flatMap(object -> Optional.ofNullable(object.metadata().get(Marks.KEY)));
  }

  /// Whether an object was not encrypted after all: it begins as the codec does, or, where that has
  /// no beginning of its own, with the content.
  ///
  /// @param head the object's first bytes
  /// @param content the first bytes of what was packed, or all of them
  public boolean isReadableWithoutKey(String name, byte[] head, byte[] content) {
    return switch (codec) {
      case LZ4, ZSTD, LZMA, GZIP -> !Beginnings.exclude(codec, name, head);
      case BROTLI, NONE -> {
        try (InputStream plain = codec.decompressing(new ByteArrayInputStream(head), name)) {
          byte[] begin = plain.readNBytes(Math.min(content.length, COMPARED));
          yield begin.length > 0 && Arrays.equals(begin, Arrays.copyOf(content, begin.length));
        } catch (PgBackupException _) {
          yield false;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }

  /// @param limit the most bytes that the content can have; more is a failure
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed`, as for the stream
  public byte[] unpack(byte[] stored, String name, int limit) {
    try {
      return unpack(new ByteArrayInputStream(stored), name, limit);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Reads `source` to its end and closes it.
  ///
  /// @throws IOException where the source fails
  public byte[] unpack(InputStream source, String name, int limit) throws IOException {
    return unpack(source, name, limit, Optional::empty);
  }

  /// @param writtenWith as for the stream
  public byte[] unpack(
      InputStream source, String name, int limit, Supplier<Optional<String>> writtenWith)
      throws IOException {
    return unpack(source, name, limit, 0, byte[]::new, writtenWith);
  }

  /// @param expected how many bytes there most likely are, 0 if nobody knows: no more memory than
  ///   that is taken where it is right
  /// @param memory gives an array of that size
  public byte[] unpack(
      InputStream source,
      String name,
      int limit,
      int expected,
      IntFunction<byte[]> memory,
      Supplier<Optional<String>> writtenWith)
      throws IOException {
    try (InputStream content = unpacking(source, name, writtenWith)) {
      byte[] bytes = atMost(content, limit, memory.apply(Math.min(expected, limit)));
      if (content.read() >= 0) {
        throw Problem.verificationFailed(
                name + " holds more than the " + limit + " bytes it can have",
                "The object was not written by a backup tool, or is damaged.")
            .asException();
      }
      return bytes;
    }
  }

  private static byte[] atMost(InputStream content, int limit, byte[] first) throws IOException {
    int expected = first.length;
    int length = content.readNBytes(first, 0, expected);
    if (length < expected) {
      return Arrays.copyOf(first, length);
    }
    byte[] more = content.readNBytes(limit - expected);
    if (more.length == 0) {
      return first;
    }
    byte[] all = Arrays.copyOf(first, expected + more.length);
    System.arraycopy(more, 0, all, expected, more.length);
    return all;
  }
}
