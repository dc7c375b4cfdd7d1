package io.pgbackup.engine.format;

import com.aayushatharva.brotli4j.encoder.Encoder;
import com.aayushatharva.brotli4j.encoder.EncoderJNI;
import com.aayushatharva.brotli4j.encoder.EncoderJNI.Operation;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/// Drives the native encoder until it says that the stream is finished. The library's own stream
/// stops when all input is taken, which cuts off some streams of quality 3.
final class BrotliWriter extends OutputStream {
  private static final int QUALITY = 3;

  /// 4 MiB; a reader needs as much.
  private static final int WINDOW_BITS = 22;

  private static final int BUFFER = 64 << 10;

  private final OutputStream sink;
  private final EncoderJNI.Wrapper encoder;
  private final ByteBuffer input;
  private boolean open = true;

  BrotliWriter(OutputStream sink) throws IOException {
    this.sink = sink;
    this.encoder = new EncoderJNI.Wrapper(BUFFER, QUALITY, WINDOW_BITS, Encoder.Mode.GENERIC);
    this.input = encoder.getInputBuffer();
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (!open) {
      throw new IOException("the stream is closed");
    }
    int from = offset;
    while (from < offset + length) {
      int count = Math.min(input.remaining(), offset + length - from);
      input.put(bytes, from, count);
      from += count;
      if (!input.hasRemaining()) {
        process();
      }
    }
  }

  private void process() throws IOException {
    encoder.push(Operation.PROCESS, input.position());
    drain();
    while (encoder.hasRemainingInput()) {
      encoder.push(Operation.PROCESS, 0);
      drain();
    }
    input.clear();
  }

  private void finish() throws IOException {
    encoder.push(Operation.FINISH, input.position());
    drain();
    while (!encoder.isFinished()) {
      encoder.push(Operation.FINISH, 0);
      drain();
    }
  }

  private void drain() throws IOException {
    if (!encoder.isSuccess()) {
      throw new IOException("brotli's encoder failed");
    }
    while (encoder.hasMoreOutput()) {
      ByteBuffer output = encoder.pull();
      byte[] chunk = new byte[output.remaining()];
      output.get(chunk);
      sink.write(chunk);
    }
  }

  @Override
  public void close() throws IOException {
    if (!open) {
      return;
    }
    open = false;
    try (sink) {
      finish();
    } finally {
      encoder.destroy();
    }
  }
}
