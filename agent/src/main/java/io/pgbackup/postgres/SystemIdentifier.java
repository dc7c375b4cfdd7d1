package io.pgbackup.postgres;

/// The number initdb gives a cluster: unsigned 64 bits. Clones and restores share it with their
/// source.
public record SystemIdentifier(long value) {
  /// @throws IllegalArgumentException if the text is no unsigned 64-bit decimal
  public static SystemIdentifier parse(String text) {
    try {
      return new SystemIdentifier(Long.parseUnsignedLong(text));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is not a system identifier", e);
    }
  }

  @Override
  public String toString() {
    return Long.toUnsignedString(value);
  }
}
