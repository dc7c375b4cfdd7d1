package io.pgbackup.encryption;

import com.goterl.lazysodium.SodiumJava;
import com.goterl.lazysodium.interfaces.SecretStream;
import java.util.Arrays;
import java.util.Optional;

/// libsodium's secretstream (XChaCha20-Poly1305) in the chunks that WAL-G cuts: a header of 24
/// bytes, then chunks of 8192 bytes of plaintext without associated data, and a last one with
/// fewer, which alone is tagged as final. Not thread-safe.
final class Secretstream {
  static final int KEY = 32;
  static final int HEADER = 24;
  static final int CHUNK = 8192;

  /// What a chunk has beyond its plaintext.
  static final int OVERHEAD = 17;

  private final SodiumJava sodium = Sodium.library();
  private final SecretStream.State state = new SecretStream.State();

  /// @param length bytes of plaintext
  /// @param finished the last chunk of the stream
  record Chunk(int length, boolean finished) {}

  /// Begins to encrypt.
  ///
  /// @return the header
  byte[] begin(byte[] key) {
    byte[] header = new byte[HEADER];
    require(sodium.crypto_secretstream_xchacha20poly1305_init_push(state, header, key));
    return header;
  }

  /// Encrypts the next chunk.
  ///
  /// @param stored gets the chunk and its overhead
  void push(byte[] plaintext, int length, boolean finished, byte[] stored) {
    byte tag = finished ? SecretStream.XCHACHA20POLY1305_TAG_FINAL : 0;
    require(
        sodium.crypto_secretstream_xchacha20poly1305_push(
            state, stored, null, plaintext, length, null, 0, tag));
  }

  /// Begins to decrypt.
  void begin(byte[] key, byte[] header) {
    require(sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key));
  }

  /// Decrypts the next chunk.
  ///
  /// @param plaintext gets it
  /// @return empty where it was not encrypted so
  Optional<Chunk> pull(byte[] stored, int length, byte[] plaintext) {
    if (length < OVERHEAD) {
      return Optional.empty();
    }
    byte[] tag = new byte[1];
    int result =
        sodium.crypto_secretstream_xchacha20poly1305_pull(
            state, plaintext, null, tag, stored, length, null, 0);
    return result == 0
        ? Optional.of(
            new Chunk(length - OVERHEAD, tag[0] == SecretStream.XCHACHA20POLY1305_TAG_FINAL))
        : Optional.empty();
  }

  /// Whether a stream that begins so was encrypted with this key.
  ///
  /// @param head the header and the first chunk
  static boolean opens(byte[] key, byte[] head) {
    if (head.length < HEADER + OVERHEAD) {
      return false;
    }
    Secretstream stream = new Secretstream();
    stream.begin(key, Arrays.copyOf(head, HEADER));
    byte[] stored =
        Arrays.copyOfRange(head, HEADER, Math.min(head.length, HEADER + CHUNK + OVERHEAD));
    return stream.pull(stored, stored.length, new byte[CHUNK]).isPresent();
  }

  private static void require(int result) {
    if (result != 0) {
      throw new IllegalStateException("libsodium answered " + result);
    }
  }
}
