package io.pgbackup.store.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WideWritesTest {
  private static final int AS_THE_SDK_WRITES = 4096;

  private final Wire wire = new Wire();
  private final WideWrites connection = new WideWrites(wire);

  WideWritesTest() throws IOException {}

  @Test
  void aBodyGoesOutInLargePiecesAndIsWholeOnceTheAnswerIsAskedFor() throws IOException {
    byte[] body = new byte[150_001];
    new Random(1).nextBytes(body);

    write(body);
    int status = connection.getResponseCode();

    assertThat(status).isEqualTo(200);
    assertThat(wire.arrived.toByteArray()).isEqualTo(body);
    assertThat(wire.pieces).containsExactly(65_536, 65_536, 18_929);
  }

  @Test
  void theOutputIsOneHoweverOftenItIsAskedFor() throws IOException {
    connection.getOutputStream().write(1);
    connection.getOutputStream().write(2);
    connection.getResponseCode();

    assertThat(wire.arrived.toByteArray()).containsExactly(1, 2);
  }

  @Test
  void whatCannotBeSentFailsBeforeAnAnswerIsBelieved() throws IOException {
    wire.broken = true;
    connection.getOutputStream().write(1);

    assertThatThrownBy(connection::getResponseCode).hasMessage("Broken pipe");
  }

  @Test
  void nothingIsFlushedAfterTheAnswerWhenTheSocketMayBeAnothersAlready() throws IOException {
    connection.getOutputStream().write(1);
    connection.getResponseCode();
    connection.getResponseCode();
    connection.getResponseMessage();

    assertThat(wire.flushes).isEqualTo(1);
  }

  @Test
  void withoutABodyTheAnswerIsAskedForAtOnce() throws IOException {
    assertThat(connection.getResponseCode()).isEqualTo(200);
    assertThat(wire.pieces).isEmpty();
  }

  private void write(byte[] body) throws IOException {
    OutputStream out = connection.getOutputStream();
    for (int from = 0; from < body.length; from += AS_THE_SDK_WRITES) {
      out.write(body, from, Math.min(AS_THE_SDK_WRITES, body.length - from));
    }
  }

  private static final class Wire extends HttpURLConnection {
    private final ByteArrayOutputStream arrived = new ByteArrayOutputStream();
    private final List<Integer> pieces = new ArrayList<>();
    private boolean broken;
    private int flushes;

    Wire() throws IOException {
      super(URI.create("http://127.0.0.1:9/").toURL());
    }

    @Override
    public OutputStream getOutputStream() {
      return new OutputStream() {
        @Override
        public void write(int octet) throws IOException {
          write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void flush() {
          flushes++;
        }

        @Override
        public void write(byte[] octets, int from, int length) throws IOException {
          if (broken) {
            throw new IOException("Broken pipe");
          }
          pieces.add(length);
          arrived.write(octets, from, length);
        }
      };
    }

    @Override
    public int getResponseCode() {
      return 200;
    }

    @Override
    public String getResponseMessage() {
      return "OK";
    }

    @Override
    public void connect() {}

    @Override
    public void disconnect() {}

    @Override
    public boolean usingProxy() {
      return false;
    }
  }
}
