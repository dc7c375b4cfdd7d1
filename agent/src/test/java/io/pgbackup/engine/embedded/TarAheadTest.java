package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.crypto.BulkInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TarAheadTest {
  /// The sizes are about those of what is read ahead: 256 KiB, four of them.
  @Property(tries = 50)
  void givesTheSameBytesHoweverTheyAreRead(
      @ForAll long seed, @ForAll @IntRange(max = 3 << 20) int size) throws IOException {
    Random random = new Random(seed);
    byte[] content = new byte[size];
    random.nextBytes(content);
    var read = new ByteArrayOutputStream();

    try (InputStream ahead = TarAhead.of(inPieces(content, random), "ahead")) {
      byte[] buffer = new byte[1 + random.nextInt(400_000)];
      for (int count = ahead.read(buffer); count >= 0; count = ahead.read(buffer)) {
        read.write(buffer, 0, count);
      }
      assertThat(ahead.read()).isEqualTo(-1);
    }

    assertThat(read.toByteArray()).isEqualTo(content);
  }

  @Test
  void failsAsTheStreamDoes() throws IOException {
    IOException reason = new IOException("connection reset");
    InputStream broken =
        new SequenceInputStream(new ByteArrayInputStream(new byte[600_000]), failing(reason));

    try (InputStream ahead = TarAhead.of(broken, "ahead")) {
      assertThatThrownBy(ahead::readAllBytes).isSameAs(reason);
      assertThatThrownBy(ahead::read).isSameAs(reason);
    }
  }

  @Test
  void whoClosesItEarlyLeavesNothingOpenAndNoThread() throws Exception {
    AtomicBoolean closed = new AtomicBoolean();
    CountDownLatch reading = new CountDownLatch(1);
    InputStream endless =
        new BulkInputStream() {
          @Override
          public int read(byte[] bytes, int offset, int length) {
            reading.countDown();
            return length;
          }

          @Override
          public void close() {
            closed.set(true);
          }
        };

    InputStream ahead = TarAhead.of(endless, "ahead-of-the-endless");
    reading.await();
    ahead.close();

    assertThat(closed).isTrue();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("ahead-of-the-endless"));
  }

  private static InputStream inPieces(byte[] content, Random random) {
    var source = new ByteArrayInputStream(content);
    return new BulkInputStream() {
      @Override
      public int read(byte[] bytes, int offset, int length) {
        return source.read(bytes, offset, Math.min(length, 1 + random.nextInt(100_000)));
      }
    };
  }

  private static InputStream failing(IOException reason) {
    return new BulkInputStream() {
      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        throw reason;
      }
    };
  }
}
