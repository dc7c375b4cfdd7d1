package io.pgbackup.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class Sha256Test {
  @Test
  void isThatOfTheStandard() {
    assertThat(Sha256.hex("abc".getBytes(US_ASCII)))
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }

  @Property
  void agreesWithTheJdkHoweverItIsFed(@ForAll byte[] content) throws Exception {
    String expected =
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));

    assertThat(Sha256.hex(content)).isEqualTo(expected);
    assertThat(Sha256.hex(new ByteArrayInputStream(content))).isEqualTo(expected);
  }
}
