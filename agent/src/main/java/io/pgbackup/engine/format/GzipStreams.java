package io.pgbackup.engine.format;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/// Gzip members (RFC 1952), one after the other.
final class GzipStreams {
  private GzipStreams() {}

  static InputStream reader(InputStream source) throws IOException {
    var buffered = new BufferedInputStream(source);
    buffered.mark(2);
    byte[] magic = buffered.readNBytes(2);
    if (magic.length == 0) {
      throw new EOFException("it is empty");
    }
    if (!canBegin(magic)) {
      throw new NotThisCodecException();
    }
    buffered.reset();
    return GzipCompressorInputStream.builder()
        .setInputStream(buffered)
        .setDecompressConcatenated(true)
        .get();
  }

  static boolean canBegin(byte[] head) {
    return head.length < 2 || (head[0] == 0x1F && head[1] == (byte) 0x8B);
  }
}
