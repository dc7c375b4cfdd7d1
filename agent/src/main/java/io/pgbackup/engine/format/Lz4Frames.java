package io.pgbackup.engine.format;

import io.pgbackup.crypto.BulkInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import net.jpountz.lz4.LZ4FrameInputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorInputStream;
import org.jspecify.annotations.Nullable;

/// LZ4 frames (LZ4 Frame Format 1.6). Frames of independent blocks are read by the native library;
/// it cannot read linked blocks, which other writers use, so those go to a decoder in Java.
final class Lz4Frames extends BulkInputStream {
  private static final int MAGIC = 0x184D2204;
  private static final int BLOCKS_ARE_INDEPENDENT = 0x20;

  private final PushbackInputStream source;
  private final InputStream frameSource;
  private @Nullable InputStream frame;

  private Lz4Frames(InputStream source) {
    this.source = new PushbackInputStream(source, 5);
    this.frameSource = new Unclosed(this.source);
  }

  static InputStream reader(InputStream source) throws IOException {
    var frames = new Lz4Frames(source);
    frames.frame = frames.nextFrame();
    if (frames.frame == null) {
      throw new EOFException("it is empty");
    }
    return frames;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    while (frame != null) {
      int count = frame.read(bytes, offset, length);
      if (count >= 0) {
        return count;
      }
      InputStream ended = frame;
      frame = nextFrame();
      ended.close();
    }
    return -1;
  }

  private @Nullable InputStream nextFrame() throws IOException {
    byte[] start = source.readNBytes(5);
    if (start.length == 0) {
      return null;
    }
    if (start.length < 5) {
      throw new EOFException("it ends within a frame's header");
    }
    if (littleEndian(start) != MAGIC) {
      if (frame == null) {
        throw new NotThisCodecException();
      }
      throw new IOException("something else follows a frame");
    }
    source.unread(start);
    return (start[4] & BLOCKS_ARE_INDEPENDENT) != 0
        ? new LZ4FrameInputStream(frameSource, true)
        : new FramedLZ4CompressorInputStream(frameSource, false);
  }

  @Override
  public void close() throws IOException {
    try (source) {
      if (frame != null) {
        frame.close();
      }
    }
  }

  /// Lets one frame's decoder be closed while the next frame is still to be read.
  private static final class Unclosed extends FilterInputStream {
    private Unclosed(InputStream in) {
      super(in);
    }

    @Override
    public void close() {}
  }

  static int littleEndian(byte[] bytes) {
    return (bytes[0] & 0xFF)
        | ((bytes[1] & 0xFF) << 8)
        | ((bytes[2] & 0xFF) << 16)
        | ((bytes[3] & 0xFF) << 24);
  }
}
