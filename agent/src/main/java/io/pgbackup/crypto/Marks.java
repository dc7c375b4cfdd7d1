package io.pgbackup.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/// The names of what is kept beside an object about its plaintext.
///
/// A plain object has the digest itself. Beside an encrypted one a digest would show that two
/// objects hold the same, so it is salted, and keyed where there is a secret to key it with.
public final class Marks {
  /// SHA-256 of the plaintext, 64 lower-case hexadecimal digits.
  public static final String SHA256 = "pgbackup-sha256";

  /// The fingerprint of the key that an object is encrypted with.
  public static final String KEY = "pgbackup-key";

  /// `<salt>-<digest>` in hexadecimal digits.
  public static final String SALTED = "pgbackup-mark";

  private Marks() {}

  /// What a plain object says.
  public static Optional<Boolean> plain(Map<String, String> metadata, String sha256) {
    return Optional.ofNullable(metadata.get(SHA256)).map(sha256::equals);
  }

  /// A digest of a salt and a plaintext's digest.
  public interface SaltedDigest {
    byte[] of(byte[] saltAndDigest);
  }

  public static Map<String, String> salted(
      String fingerprint, byte[] salt, String sha256, SaltedDigest digest) {
    String text = HexFormat.of().formatHex(salt);
    return Map.of(KEY, fingerprint, SALTED, text + "-" + hex(text, sha256, digest));
  }

  /// @param digest of the key that the object says it is encrypted with
  public static Optional<Boolean> isSalted(
      Map<String, String> metadata, String sha256, SaltedDigest digest) {
    return Optional.ofNullable(metadata.get(SALTED))
        .filter(mark -> mark.indexOf('-') > 0)
        .map(
            mark -> {
              String salt = mark.substring(0, mark.indexOf('-'));
              return MessageDigest.isEqual(
                  (salt + "-" + hex(salt, sha256, digest)).getBytes(US_ASCII),
                  mark.getBytes(US_ASCII));
            });
  }

  private static String hex(String salt, String sha256, SaltedDigest digest) {
    return HexFormat.of().formatHex(digest.of((salt + sha256).getBytes(US_ASCII)));
  }
}
