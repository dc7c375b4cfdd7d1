package io.pgbackup.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/// The full name of an object in its bucket: segments joined by `/`, without one at either end.
/// Never empty, without empty segments, `.`, `..` or control characters, so that it is also a safe
/// path under a directory.
public record ObjectKey(String value) implements Comparable<ObjectKey> {
  /// The order in which S3 lists; that of `String` puts U+E000 to U+FFFF behind everything else.
  public static final Comparator<String> BYTE_ORDER =
      (one, other) -> Arrays.compareUnsigned(utf8(one), utf8(other));

  public ObjectKey {
    if (value.isEmpty() || value.length() > 1024) {
      throw new IllegalArgumentException("an object key has 1 to 1024 characters: '" + value + "'");
    }
    for (String segment : value.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        throw new IllegalArgumentException("'" + value + "' is not an object key");
      }
    }
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("an object key has no control characters");
    }
  }

  /// The part after the last `/`.
  public String name() {
    return value.substring(value.lastIndexOf('/') + 1);
  }

  /// Whether this text is a key; a foreign bucket may hold objects whose names are none, folder
  /// markers that end in `/` for instance.
  public static boolean isKey(String text) {
    try {
      var _ = new ObjectKey(text);
      return true;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  @Override
  public int compareTo(ObjectKey other) {
    return BYTE_ORDER.compare(value, other.value);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return value;
  }
}
