package io.pgbackup.engine.format;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.problem.Problem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/// How content becomes an object: compressed, then encrypted. Thread-safe; a stream belongs to one
/// thread.
public record Packing(Codec codec, ObjectCipher cipher) {
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

  /// A stream of the content of `source`, which is closed with it; fails as the codec's and the
  /// cipher's do.
  ///
  /// @param name what the bytes are, for the message
  public InputStream unpacking(InputStream source, String name) {
    return codec.decompressing(cipher.decrypting(source, name), name);
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
    try (InputStream content = unpacking(source, name)) {
      byte[] bytes = content.readNBytes(limit);
      if (content.read() >= 0) {
        throw Problem.verificationFailed(
                name + " holds more than the " + limit + " bytes it can have",
                "The object was not written by a backup tool, or is damaged.")
            .asException();
      }
      return bytes;
    }
  }
}
