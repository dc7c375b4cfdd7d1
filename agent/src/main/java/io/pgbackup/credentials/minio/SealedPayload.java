package io.pgbackup.credentials.minio;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/// Encrypts what MinIO's admin API takes, as it wants it: under a key that Argon2id derives from the
/// caller's secret key, so that a password is never sent plain, not even over HTTP.
///
///     salt (32) | 0: Argon2id and AES-256-GCM (1) | nonce (8) | ciphertext | tag (16)
///
/// The data are a stream of fragments of at most 16 KiB; ours are always the last one. A fragment's
/// nonce ends in its number, in little endian: number 0 seals nothing but the additional data, whose
/// tag then stands in those of every fragment, behind a byte that marks the last.
final class SealedPayload {
  static final int SALT = 32;
  static final int NONCE = 8;
  static final int LONGEST = 1 << 14;
  private static final byte ARGON2ID_AES_GCM = 0;
  private static final byte LAST_FRAGMENT = (byte) 0x80;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private SealedPayload() {}

  /// @param plaintext at most 16 KiB
  static byte[] seal(String secretKey, byte[] plaintext) {
    byte[] salt = new byte[SALT];
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(salt);
    RANDOM.nextBytes(nonce);
    return seal(secretKey, plaintext, salt, nonce);
  }

  static byte[] seal(String secretKey, byte[] plaintext, byte[] salt, byte[] nonce) {
    if (plaintext.length > LONGEST) {
      throw new IllegalArgumentException("a payload has at most " + LONGEST + " bytes");
    }
    SecretKeySpec key = key(secretKey, salt);
    byte[] tagOfNothing = encrypt(key, nonce, 0, new byte[0], new byte[0]);
    byte[] sealed =
        encrypt(key, nonce, 1, concat(new byte[] {LAST_FRAGMENT}, tagOfNothing), plaintext);
    return concat(salt, new byte[] {ARGON2ID_AES_GCM}, nonce, sealed);
  }

  private static SecretKeySpec key(String secretKey, byte[] salt) {
    var generator = new Argon2BytesGenerator();
    generator.init(
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withIterations(1)
            .withMemoryAsKB(64 * 1024)
            .withParallelism(4)
            .withSalt(salt)
            .build());
    byte[] key = new byte[32];
    generator.generateBytes(secretKey.getBytes(StandardCharsets.UTF_8), key);
    try {
      return new SecretKeySpec(key, "AES");
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  private static byte[] encrypt(
      SecretKeySpec key, byte[] nonce, int number, byte[] additional, byte[] plaintext) {
    byte[] numbered =
        ByteBuffer.allocate(NONCE + Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(nonce)
            .putInt(number)
            .array();
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(TAG_BITS, numbered));
      cipher.updateAAD(additional);
      return cipher.doFinal(plaintext);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-GCM is part of every JDK", e);
    }
  }

  private static byte[] concat(byte[]... parts) {
    var whole = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      whole.writeBytes(part);
    }
    return whole.toByteArray();
  }
}
