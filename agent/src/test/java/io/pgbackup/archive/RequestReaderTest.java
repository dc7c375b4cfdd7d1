package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

class RequestReaderTest {
  /// A real operation, mostly a real version and small lengths, so that most examples get beyond
  /// the first octets.
  @Provide
  Arbitrary<byte[]> nearlyRequests() {
    Arbitrary<Byte> operation =
        Arbitraries.of((byte) 0x81, (byte) 0x82, (byte) 0x83, (byte) 'C', (byte) 'F', (byte) 'f');
    Arbitrary<Byte> small = Arbitraries.bytes().between((byte) 0, (byte) 3);
    Arbitrary<byte[]> lengths = small.array(byte[].class).ofSize(13);
    Arbitrary<byte[]> rest = Arbitraries.bytes().array(byte[].class).ofMaxSize(40);
    return Combinators.combine(operation, lengths, rest)
        .as(
            (first, middle, last) ->
                ByteBuffer.allocate(14 + last.length).put(first).put(middle).put(last).array());
  }

  @Property
  void almostRequestsAreUnderstoodOrRefused(@ForAll("nearlyRequests") byte[] octets)
      throws IOException {
    understoodOrRefused(octets);
  }

  @Property
  void anyOctetsAreUnderstoodOrRefused(@ForAll @Size(min = 1, max = 64) byte[] octets)
      throws IOException {
    understoodOrRefused(octets);
  }

  private static void understoodOrRefused(byte[] octets) throws IOException {
    var reader = new RequestReader(Channels.newChannel(new ByteArrayInputStream(octets)));
    try {
      SocketRequest request = reader.request(reader.operation().orElseThrow());
      if (!request.daemon()) {
        byte[] written = new byte[request.encode().remaining()];
        request.encode().get(written);
        assertThat(written.length).isLessThanOrEqualTo(14 + 64 * 3 + 63 * 3);
        assertThat(written[0]).isEqualTo(octets[0]);
        assertThat(Arrays.copyOfRange(written, 6, 14)).isEqualTo(Arrays.copyOfRange(octets, 6, 14));
      }
    } catch (BadRequestException e) {
      assertThat(e).hasMessageMatching("\\p{Print}+");
    } catch (EOFException e) {
      assertThat(e).hasMessageContaining("ended after");
    }
  }
}
