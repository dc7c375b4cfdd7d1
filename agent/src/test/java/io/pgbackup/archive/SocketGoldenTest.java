package io.pgbackup.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The octets of `docs/socket-protocol.md`: clients that we do not build are written against them.
class SocketGoldenTest {
  private static final String NAME = "30303030303030322e686973746f7279";

  static Stream<Arguments> requests() {
    return Stream.of(
        Arguments.of(new SocketRequest.Check(), "43 0003"),
        Arguments.of(new SocketRequest.PushByName("00000002.history"), "46 0013" + NAME),
        Arguments.of(new SocketRequest.FetchByName("ab", "c"), "66 000b 02 0002 6162 0001 63"),
        Arguments.of(
            new SocketRequest.Push("00000002.history", "u1", 9),
            "81 01 0010 0002 0000000000000009" + NAME + "7531"),
        Arguments.of(
            new SocketRequest.Push("a", "", 1 << 30), "81 01 0001 0000 0000000040000000 61"),
        Arguments.of(
            new SocketRequest.Fetch("00000002.history", ""),
            "82 01 0010 0000 0000000000000000" + NAME),
        Arguments.of(new SocketRequest.Ping(), "83 01 0000 0000 0000000000000000"));
  }

  @ParameterizedTest
  @MethodSource("requests")
  void requestsHaveTheseOctets(SocketRequest request, String octets) throws IOException {
    assertThat(hex(request.encode())).isEqualTo(octets.replace(" ", ""));
    assertThat(read(octets)).isEqualTo(request);
  }

  static Stream<Arguments> replies() {
    return Stream.of(
        Arguments.of(new SocketReply.Done(), "01 00 0000 0000000000000000", "O"),
        Arguments.of(new SocketReply.Delivered(9), "01 00 0000 0000000000000009", "O"),
        Arguments.of(new SocketReply.Absent("no"), "01 01 0002 0000000000000000 6e6f", "N"),
        Arguments.of(new SocketReply.Refused("no"), "01 02 0002 0000000000000000 6e6f", "E"),
        Arguments.of(new SocketReply.Failed("no"), "01 03 0002 0000000000000000 6e6f", "E"),
        Arguments.of(new SocketReply.BadRequest("é"), "01 04 0002 0000000000000000 c3a9", "E"));
  }

  @ParameterizedTest
  @MethodSource("replies")
  void repliesHaveTheseOctets(SocketReply reply, String octets, String daemonOctet)
      throws IOException {
    assertThat(hex(reply.encode())).isEqualTo(octets.replace(" ", ""));
    assertThat(SocketReply.read(channel(octets), reply instanceof SocketReply.Delivered))
        .isEqualTo(reply);
    assertThat(UTF_8.decode(reply.encodeForDaemonClient()).toString()).isEqualTo(daemonOctet);
  }

  @Test
  void contentIsFollowedByItsCrc32c() throws IOException {
    var octets = new ByteArrayOutputStream();

    Wire.writeContent(Channels.newChannel(octets), "123456789".getBytes(UTF_8));
    Wire.writeContent(Channels.newChannel(octets), new byte[0]);

    assertThat(HexFormat.of().formatHex(octets.toByteArray()))
        .isEqualTo("313233343536373839e306928300000000");
  }

  @Test
  void contentThatWasCutOrChangedIsNotTaken() {
    assertThatThrownBy(() -> Wire.readContent(channel("313233343536373838 e3069283"), new byte[9]))
        .isInstanceOf(BadRequestException.class);
    assertThatThrownBy(() -> Wire.readContent(channel("3132333435"), new byte[9]))
        .isInstanceOf(EOFException.class);
    assertThatThrownBy(() -> Wire.readContent(channel("313233343536373839 e30692"), new byte[9]))
        .isInstanceOf(EOFException.class);
  }

  @Test
  void longTextIsCutBetweenTwoCharacters() throws IOException {
    ByteBuffer reply = new SocketReply.Failed("é".repeat(600) + "x").encode();

    assertThat(SocketReply.read(channel(hex(reply)), false))
        .isEqualTo(new SocketReply.Failed("é".repeat(512)));
    ByteBuffer odd = new SocketReply.Failed("x" + "é".repeat(600)).encode();
    assertThat(SocketReply.read(channel(hex(odd)), false))
        .isEqualTo(new SocketReply.Failed("x" + "é".repeat(511)));
  }

  static Stream<String> notUnderstood() {
    return Stream.of(
        "81 02 0000 0000 0000000000000000", // another version
        "84 01 0000 0000 0000000000000000", // no such operation
        "81 01 0041 0000 0000000000000000", // name of 65
        "81 01 0000 0040 0000000000000000", // UID of 64
        "81 01 0000 0000 0000000040000001", // more than 1 GiB
        "81 01 0000 0000 ffffffffffffffff", // unsigned
        "82 01 0000 0000 0000000000000001", // content with a fetch
        "43 0002", // shorter than its own head
        "44 0003", // no such operation
        "66 0003", // no arguments
        "66 0004 01", // one argument
        "66 000b 03 0002 6162 0001 63", // three arguments
        "66 0009 02 0002 6162 0001", // second argument missing
        "66 0006 02 ffff"); // argument longer than the message
  }

  @ParameterizedTest
  @MethodSource("notUnderstood")
  void everythingElseIsABadRequest(String octets) {
    assertThatThrownBy(() -> read(octets)).isInstanceOf(BadRequestException.class);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void aRequestThatEndsEarlyIsNoRequest(SocketRequest request, String octets) {
    byte[] whole = HexFormat.of().parseHex(octets.replace(" ", ""));
    for (int length = 1; length < whole.length; length++) {
      String cut = HexFormat.of().formatHex(Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> read(cut)).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void whoeverAnswersInAnotherProtocolIsNoAgent() {
    assertThatThrownBy(() -> SocketReply.read(channel("45"), false))
        .isInstanceOf(BadRequestException.class)
        .hasMessageContaining("no pgbackup agent");
  }

  private static SocketRequest read(String octets) throws IOException {
    var reader = new RequestReader(channel(octets));
    return reader.request(reader.operation().orElseThrow());
  }

  private static ReadableByteChannel channel(String octets) {
    return Channels.newChannel(
        new ByteArrayInputStream(HexFormat.of().parseHex(octets.replace(" ", ""))));
  }

  private static String hex(ByteBuffer octets) {
    byte[] array = new byte[octets.remaining()];
    octets.duplicate().get(array);
    return HexFormat.of().formatHex(array);
  }
}
