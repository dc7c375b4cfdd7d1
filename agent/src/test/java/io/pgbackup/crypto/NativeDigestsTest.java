package io.pgbackup.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import java.security.Security;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeDigestsTest {
  /// RFC 6234 and RFC 1321.
  @ParameterizedTest
  @CsvSource({
    "SHA-256, ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "MD5, 900150983cd24fb0d6963f7d28e17f72"
  })
  void whoAsksTheJdkGetsTheNativeDigest(String algorithm, String ofAbc) throws Exception {
    NativeDigests.install();

    MessageDigest digest = MessageDigest.getInstance(algorithm);

    assertThat(digest.getProvider().getName()).isEqualTo("pgbackup-digests");
    assertThat(HexFormat.of().formatHex(digest.digest("abc".getBytes(US_ASCII)))).isEqualTo(ofAbc);
  }

  @Test
  void nothingElseIsOfferedAndOnlyOnce() throws Exception {
    NativeDigests.install();
    NativeDigests.install();

    assertThat(MessageDigest.getInstance("SHA-512").getProvider().getName()).isEqualTo("SUN");
    assertThat(
            Arrays.stream(Security.getProviders())
                .filter(provider -> provider.getName().equals("pgbackup-digests")))
        .hasSize(1);
  }
}
