package io.pgbackup.engine.format;

import io.pgbackup.crypto.OpenPgpHead;

/// Tells from an object's first bytes that its codec cannot have written it: then it is encrypted,
/// or damaged.
final class Beginnings {
  private static final int LZ4 = 0x184D2204;
  private static final int ZSTD = 0xFD2FB528;

  private Beginnings() {}

  /// False also where nothing tells: brotli has no magic number, and an object may be cut off
  /// before its own ends.
  ///
  /// @param name the object's; plain text is expected of some that are not compressed
  static boolean exclude(Codec codec, String name, byte[] head) {
    return switch (codec) {
      case LZ4 -> head.length >= 4 && Lz4Frames.littleEndian(head) != LZ4;
      case ZSTD -> head.length >= 4 && Lz4Frames.littleEndian(head) != ZSTD;
      case LZMA -> head.length > 0 && !LzmaStreams.canBegin(head);
      case GZIP -> !GzipStreams.canBegin(head);
      case BROTLI -> !OpenPgpHead.recipients(head).isEmpty();
      case NONE ->
          !OpenPgpHead.recipients(head).isEmpty() || (isText(name) && !looksLikeText(head));
    };
  }

  private static boolean isText(String name) {
    return name.endsWith(".history") || name.endsWith(".backup");
  }

  private static boolean looksLikeText(byte[] head) {
    for (byte b : head) {
      if (b >= 0 && b < ' ' && b != '\n' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }
}
