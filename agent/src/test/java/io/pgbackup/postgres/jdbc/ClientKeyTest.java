package io.pgbackup.postgres.jdbc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.TestCertificate;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAKey;
import java.util.Base64;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientKeyTest {
  private static final TestCertificate RSA = TestCertificate.selfSigned("dns:agent", "RSA");
  private static final TestCertificate EC = TestCertificate.selfSigned("dns:agent", "EC");

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519", "RSASSA-PSS"})
  void aKeyInPkcs8IsRead(String algorithm) {
    TestCertificate certificate = TestCertificate.selfSigned("dns:agent", algorithm);

    assertThat(parse(certificate, certificate.keyPem())).isNotNull();
  }

  @Example
  void aKeyInPkcs1IsTheSameAsInPkcs8() {
    assertThat(RSA.olderKeyPem()).startsWith("-----BEGIN RSA PRIVATE KEY-----");
    assertThat(parse(RSA, RSA.olderKeyPem()))
        .isInstanceOfSatisfying(RSAKey.class, _ -> {})
        .isEqualTo(parse(RSA, RSA.keyPem()));
  }

  @Example
  void aKeyInSec1IsTheSameAsInPkcs8() {
    assertThat(EC.olderKeyPem()).startsWith("-----BEGIN EC PRIVATE KEY-----");
    assertThat(((ECPrivateKey) parse(EC, EC.olderKeyPem())).getS())
        .isEqualTo(((ECPrivateKey) parse(EC, EC.keyPem())).getS());
  }

  /// `openssl ecparam -genkey` puts the curve before the key.
  @Example
  void whatStandsAroundTheKeyIsPassedOver() {
    assertThat(
            parse(
                EC,
                "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                    + EC.olderKeyPem().replace("\n", "\r\n")
                    + EC.certificatePem()))
        .isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
        """
        -----BEGIN RSA PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF

        MIIB
        -----END RSA PRIVATE KEY-----
        """
      })
  void anEncryptedKeyIsRefusedWithTheWayOut(String pem) {
    assertRefused(RSA, pem, "is encrypted", "openssl pkcs8 -topk8 -nocrypt");
  }

  @Example
  void anotherCertificatesKeyIsRefused() {
    for (TestCertificate ours : new TestCertificate[] {RSA, EC}) {
      String algorithm = ours.equals(RSA) ? "RSA" : "EC";
      TestCertificate other = TestCertificate.selfSigned("dns:agent", algorithm);
      for (String pem : new String[] {other.keyPem(), other.olderKeyPem()}) {
        assertRefused(ours, pem, "does not belong to the certificate", "postgres.clientKeyFile");
      }
    }
  }

  @Example
  void aKeyOfAnotherKindIsRefused() {
    assertRefused(EC, RSA.keyPem(), "of the kind EC", "postgres.clientKeyFile");
    assertRefused(EC, RSA.olderKeyPem(), "of the kind EC", "postgres.clientKeyFile");
    assertRefused(RSA, EC.olderKeyPem(), "of the kind RSA", "postgres.clientKeyFile");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "secret", "-----BEGIN EC PRIVATE KEY-----\nMHcC", "-----BEGIN DH-----"})
  void whatIsNoKeyIsRefused(String text) {
    assertRefused(EC, text, "is not a key in PEM", "-----BEGIN EC PRIVATE KEY-----");
    assertRefused(EC, EC.certificatePem() + text, "is not a key in PEM", "BEGIN PRIVATE KEY");
  }

  @Example
  void aKeyOfAKindThatNoServerTakesIsRefused() {
    assertRefused(
        EC,
        EC.keyPem().replace("PRIVATE KEY", "OPENSSH PRIVATE KEY"),
        "is a OPENSSH PRIVATE KEY",
        "openssl pkcs8");
  }

  /// Whatever is wrong with a key, it is said of the file, and never with what is in it.
  @Property(tries = 500)
  void aDamagedKeyIsReadAsItWasOrRefused(
      @ForAll boolean rsa,
      @ForAll boolean older,
      @ForAll @IntRange(max = 4000) int at,
      @ForAll @IntRange(min = 1, max = 255) int flipped,
      @ForAll @IntRange(max = 3) int cut) {
    TestCertificate ours = rsa ? RSA : EC;
    String pem = older ? ours.olderKeyPem() : ours.keyPem();
    String head = pem.lines().findFirst().orElseThrow();
    byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]*-----", ""));
    der[at % der.length] ^= (byte) flipped;
    String damaged =
        Base64.getEncoder().encodeToString(der).substring(cut == 0 ? 0 : der.length / cut / 4 * 4);

    try {
      assertThat(parse(ours, head + "\n" + damaged + "\n" + head.replace("BEGIN", "END")))
          .isNotNull();
    } catch (PgBackupException e) {
      assertThat(e.problem()).isInstanceOf(Problem.Misconfigured.class);
      assertThat(e.problem().message()).contains("client.key").doesNotContain(damaged);
    }
  }

  private static PrivateKey parse(TestCertificate certificate, String pem) {
    return new ClientKey(
            Path.of("client.key"), Path.of("client.crt"), certificate.certificate().getPublicKey())
        .parse(pem.getBytes(US_ASCII));
  }

  private static void assertRefused(
      TestCertificate certificate, String pem, String reason, String hint) {
    assertThatThrownBy(() -> parse(certificate, pem))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> {
              assertThat(e.problem()).isInstanceOf(Problem.Misconfigured.class);
              assertThat(e.problem().message()).contains("client.key", reason);
              assertThat(e.problem().hint().orElseThrow()).contains(hint);
            });
  }
}
