package io.pgbackup.crypto;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.util.HexFormat;
import java.util.Optional;

/// SHA-256 as 64 lower-case hexadecimal digits. Stateless.
public final class Sha256 {
  private Sha256() {}

  /// A digest to be fed bit by bit; see [#hex(MessageDigest)].
  public static MessageDigest digest() {
    try {
      Optional<Provider> provider = NativeCrypto.provider();
      return provider.isPresent()
          ? MessageDigest.getInstance("SHA-256", provider.get())
          : MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /// Ends this digest.
  public static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  public static String hex(byte[] content) {
    MessageDigest digest = digest();
    digest.update(content);
    return hex(digest);
  }

  /// Reads the stream to its end; does not close it.
  public static String hex(InputStream content) throws IOException {
    MessageDigest digest = digest();
    byte[] buffer = new byte[64 * 1024];
    for (int read; (read = content.read(buffer)) >= 0; ) {
      digest.update(buffer, 0, read);
    }
    return hex(digest);
  }
}
