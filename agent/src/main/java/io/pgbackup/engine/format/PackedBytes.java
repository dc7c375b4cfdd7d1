package io.pgbackup.engine.format;

import java.io.ByteArrayOutputStream;

/// What was packed, in memory that can be used again and without a copy of it. Not thread-safe.
public final class PackedBytes extends ByteArrayOutputStream {
  public PackedBytes(int size) {
    super(size);
  }

  /// Holds what was packed in its first [#size] bytes, until more is written.
  public byte[] array() {
    return buf;
  }
}
