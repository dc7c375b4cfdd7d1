package io.pgbackup.store.s3;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongFunction;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/// An object being read. A connection that breaks, or ends early without saying so, is resumed
/// where it stopped; faults are problems like those of every store.
///
/// Not thread-safe.
final class S3Download extends InputStream {
  private static final int ATTEMPTS = 5;

  private final String doing;
  private final S3Failures failures;
  private final LongFunction<ResponseInputStream<GetObjectResponse>> from;
  private final long size;
  private ResponseInputStream<GetObjectResponse> current;
  private long position;
  private int fruitless;
  private boolean closed;

  /// @param from opens the same object at this position
  S3Download(
      String doing,
      S3Failures failures,
      ResponseInputStream<GetObjectResponse> first,
      LongFunction<ResponseInputStream<GetObjectResponse>> from) {
    this.doing = doing;
    this.failures = failures;
    this.current = first;
    this.from = from;
    this.size = first.response().contentLength();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (closed) {
      throw new IOException("stream closed");
    }
    if (length == 0) {
      return 0;
    }
    while (position < size) {
      try {
        int read = current.read(bytes, offset, length);
        if (read < 0) {
          throw new EOFException("ended after " + position + " of " + size + " bytes");
        }
        position += read;
        fruitless = 0;
        return read;
      } catch (IOException e) {
        resume(SdkClientException.create(e.getMessage(), e));
      } catch (SdkException e) {
        resume(e);
      }
    }
    return -1;
  }

  private void resume(SdkException cause) {
    if (++fruitless > ATTEMPTS) {
      throw failures.of(doing, cause);
    }
    current.abort();
    current = failures.translate(doing, () -> from.apply(position));
  }

  @Override
  public void close() throws IOException {
    closed = true;
    if (position < size) {
      // Otherwise the rest of the object would be read first.
      current.abort();
    }
    current.close();
  }
}
