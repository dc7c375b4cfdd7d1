package io.pgbackup.engine.format;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdOutputStream;
import io.pgbackup.crypto.BulkInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/// Zstandard frames (RFC 8878). Reads through the decompression context rather than the library's
/// stream, which takes a second frame that is cut off for the end of the data.
///
/// The library's own limit of the window, 128 MiB, bounds the memory.
final class ZstdFrames extends BulkInputStream {
  private static final int MAGIC = 0xFD2FB528;
  private static final int LEVEL = 3;
  private static final int BUFFER = 128 << 10;

  private final InputStream source;
  private final ZstdDecompressCtx context = new ZstdDecompressCtx();
  private final byte[] chunk = new byte[BUFFER];
  private final ByteBuffer stored = ByteBuffer.allocateDirect(BUFFER).flip();
  private final ByteBuffer plain = ByteBuffer.allocateDirect(BUFFER).flip();
  private boolean frameEnded;
  private boolean outputIsPending;

  private ZstdFrames(InputStream source) {
    this.source = source;
  }

  static OutputStream writer(OutputStream sink) throws IOException {
    return new ZstdOutputStream(sink, LEVEL).setChecksum(true);
  }

  static InputStream reader(InputStream source) throws IOException {
    byte[] magic = source.readNBytes(4);
    if (magic.length == 0) {
      throw new EOFException("it is empty");
    }
    if (magic.length < 4) {
      throw new EOFException("it ends within a frame's header");
    }
    if (Lz4Frames.littleEndian(magic) != MAGIC) {
      throw new NotThisCodecException();
    }
    var frames = new ZstdFrames(source);
    frames.stored.clear().put(magic).flip();
    return frames;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    while (!plain.hasRemaining()) {
      if (!outputIsPending && !stored.hasRemaining() && !fill()) {
        return -1;
      }
      plain.clear();
      frameEnded = context.decompressDirectByteBufferStream(plain, stored);
      outputIsPending = !frameEnded && !plain.hasRemaining();
      plain.flip();
    }
    int count = Math.min(length, plain.remaining());
    plain.get(bytes, offset, count);
    return count;
  }

  /// @return false at the end of the last frame
  private boolean fill() throws IOException {
    int count = source.read(chunk);
    if (count < 0) {
      if (!frameEnded) {
        throw new EOFException("it ends within a frame");
      }
      return false;
    }
    stored.clear().put(chunk, 0, count).flip();
    return true;
  }

  @Override
  public void close() throws IOException {
    context.close();
    source.close();
  }
}
