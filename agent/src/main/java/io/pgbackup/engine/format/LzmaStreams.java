package io.pgbackup.engine.format;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.LZMAOutputStream;

/// LZMA-alone, the format before xz: a header of 13 bytes, an end mark, no checksum.
final class LzmaStreams {
  private static final int HEADER = 13;
  private static final int UNKNOWN_SIZE = -1;

  /// A dictionary of 4 MiB, some 32 MiB to write; the greater presets take 94 MiB and more.
  private static final int PRESET = 3;

  /// Enough for the dictionary of 64 MiB that `xz -9` takes.
  private static final int GREATEST_MEMORY_KIB = 80 << 10;

  /// Properties, of which a byte can hold 225, and a size, which is known or is all ones.
  private static final int PROPERTIES = 9 * 5 * 5;

  private LzmaStreams() {}

  static OutputStream writer(OutputStream sink) throws IOException {
    return new FilterOutputStream(
        new LZMAOutputStream(sink, new LZMA2Options(PRESET), UNKNOWN_SIZE)) {
      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
      }

      // the format cannot be flushed, and closing asks for it
      @Override
      public void flush() {}
    };
  }

  static InputStream reader(InputStream source) throws IOException {
    var buffered = new BufferedInputStream(source);
    buffered.mark(HEADER);
    byte[] header = buffered.readNBytes(HEADER);
    if (header.length == 0) {
      throw new EOFException("it is empty");
    }
    if (!canBegin(header)) {
      throw new NotThisCodecException();
    }
    buffered.reset();
    return new WholeStream(new LZMAInputStream(buffered, GREATEST_MEMORY_KIB), buffered);
  }

  /// Whether a stream can begin so. There is no magic number, but random bytes hardly ever look
  /// like a size.
  static boolean canBegin(byte[] head) {
    if (head.length == 0 || (head[0] & 0xFF) >= PROPERTIES) {
      return false;
    }
    if (head.length < HEADER) {
      return true;
    }
    boolean unknown = true;
    for (int i = 5; i < HEADER; i++) {
      unknown &= head[i] == -1;
    }
    // a terabyte has five bytes
    return unknown || (head[10] == 0 && head[11] == 0 && head[12] == 0);
  }
}
