package io.pgbackup.store;

/// The full name of an object in its bucket: segments joined by `/`, without one at either end.
/// Never empty, without empty segments, `.`, `..` or control characters, so that it is also a safe
/// path under a directory.
public record ObjectKey(String value) implements Comparable<ObjectKey> {
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

  @Override
  public int compareTo(ObjectKey other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
