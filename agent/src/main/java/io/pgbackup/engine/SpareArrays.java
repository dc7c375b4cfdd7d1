package io.pgbackup.engine;

/// Memory for WAL files that earlier ones needed; see [Spares]. A server's segments are all of one
/// size, so only an array of that size is taken again. Thread-safe.
public final class SpareArrays {
  private final Spares<byte[]> spares = new Spares<>();

  /// An array that nobody else has until it is kept again; what stands in it means nothing.
  public byte[] take(int size) {
    return spares.take().filter(spare -> spare.length == size).orElseGet(() -> new byte[size]);
  }

  /// @param array which the caller does not touch any more
  public void keep(byte[] array) {
    spares.keep(array);
  }
}
