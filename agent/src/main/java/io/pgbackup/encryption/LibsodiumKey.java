package io.pgbackup.encryption;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.config.PgBackupConfig.KeyTransform;
import io.pgbackup.crypto.Marks;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// A key of libsodium's secretstream, as WAL-G takes it from a text.
final class LibsodiumKey implements RingKey, WritingKey {
  private static final int LEAST_TEXT = 25;
  private static final int FINGERPRINT = 8;
  private static final int SALT = 16;

  private final byte[] key;
  private final String fingerprint;
  private final byte[] markKey;

  private LibsodiumKey(byte[] key) {
    this.key = key;
    this.fingerprint =
        "libsodium:"
            + HexFormat.of()
                .formatHex(
                    Arrays.copyOf(
                        hmac(key, "pgbackup fingerprint".getBytes(US_ASCII)), FINGERPRINT));
    this.markKey = hmac(key, "pgbackup mark".getBytes(US_ASCII));
  }

  /// @throws IllegalArgumentException saying what is wrong, without the text
  static LibsodiumKey parse(String text, KeyTransform transform) {
    return new LibsodiumKey(
        switch (transform) {
          case NONE -> padded(text.getBytes(UTF_8));
          case HEX -> exact(hex(text), "hexadecimal digits");
          case BASE64 -> exact(base64(text), "base64");
        });
  }

  private static byte[] padded(byte[] text) {
    if (text.length < LEAST_TEXT) {
      throw new IllegalArgumentException(
          "must hold at least %d bytes, and holds %d".formatted(LEAST_TEXT, text.length));
    }
    return Arrays.copyOf(text, Secretstream.KEY);
  }

  private static byte[] exact(byte[] key, String form) {
    if (key.length != Secretstream.KEY) {
      throw new IllegalArgumentException(
          "must be 32 bytes as %s, and is %d".formatted(form, key.length));
    }
    return key;
  }

  private static byte[] hex(String text) {
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException _) {
      // the cause quotes the key
      throw new IllegalArgumentException("must be hexadecimal digits, as keyTransform says");
    }
  }

  private static byte[] base64(String text) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException _) {
      throw new IllegalArgumentException("must be base64, as keyTransform says");
    }
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public boolean opens(byte[] head) {
    return Secretstream.opens(key, head);
  }

  @Override
  public InputStream decrypting(InputStream source, String name) {
    return new SecretstreamInput(source, key, name);
  }

  @Override
  public OutputStream encrypting(OutputStream sink) throws IOException {
    return new SecretstreamOutput(sink, key);
  }

  @Override
  public Map<String, String> mark(String sha256) {
    byte[] salt = new byte[SALT];
    new SecureRandom().nextBytes(salt);
    return Marks.salted(fingerprint, salt, sha256, bytes -> hmac(markKey, bytes));
  }

  @Override
  public boolean isReadWith(RingKey other) {
    return other.fingerprint().equals(fingerprint);
  }

  /// As [io.pgbackup.crypto.ObjectCipher#isMarked], for marks of this key.
  Optional<Boolean> isMarked(Map<String, String> metadata, String sha256) {
    return Marks.isSalted(metadata, sha256, bytes -> hmac(markKey, bytes));
  }

  private static byte[] hmac(byte[] key, byte[] message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  @Override
  public String toString() {
    return fingerprint;
  }
}
