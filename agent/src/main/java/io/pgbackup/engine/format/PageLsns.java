package io.pgbackup.engine.format;

import io.pgbackup.crypto.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/// A digest of the positions (`pd_lsn`, the first eight bytes) of all pages of a file, in order.
///
/// A file that a chain of deltas puts together cannot be compared byte by byte with what the server
/// had: hint bits change without a new position, and such pages are not in a delta. But each page
/// must be the version that the server had, and a version is known by its position. That the bytes
/// of each version are right is what the digests of the tars' members prove.
///
/// Not thread-safe.
public final class PageLsns {
  public static final int PAGE = IncrementReader.PAGE;

  /// Bytes of a page that count.
  public static final int LENGTH = 8;

  private final MessageDigest digest = Sha256.digest();

  /// @param offset where the next page begins in the buffer
  public void add(byte[] buffer, int offset) {
    digest.update(buffer, offset, LENGTH);
  }

  /// The digest, 64 lower-case hexadecimal digits; begins anew.
  public String hex() {
    return Sha256.hex(digest);
  }

  /// Of a file as it stands. What is left over behind the last whole page does not count.
  public static String of(Path file) throws IOException {
    PageLsns lsns = new PageLsns();
    byte[] buffer = new byte[32 * PAGE];
    try (InputStream pages = Files.newInputStream(file)) {
      for (int read = pages.readNBytes(buffer, 0, buffer.length);
          read > 0;
          read = pages.readNBytes(buffer, 0, buffer.length)) {
        for (int offset = 0; offset + PAGE <= read; offset += PAGE) {
          lsns.add(buffer, offset);
        }
      }
    }
    return lsns.hex();
  }
}
