package io.pgbackup.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers.rsaEncryption;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/// A self-signed certificate and its key as PEM, made by the JDK's keytool when a test asks, so
/// that none expires in the repository.
public record TestCertificate(String certificatePem, String keyPem) {
  private static final String PASSWORD = "changeit";

  /// @param names subject alternative names as keytool writes them: `dns:localhost,ip:127.0.0.1`
  public static TestCertificate selfSigned(String names) {
    return selfSigned(names, "EC");
  }

  /// @param algorithm of its key, as keytool writes it
  public static TestCertificate selfSigned(String names, String algorithm) {
    try {
      Path folder = Files.createTempDirectory("pgbackup-certificate-");
      Path store = folder.resolve("store.p12");
      Process keytool =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                  "-genkeypair",
                  "-alias",
                  "server",
                  "-keyalg",
                  algorithm,
                  "-dname",
                  "CN=pgbackup test",
                  "-validity",
                  "2",
                  "-ext",
                  "san=" + names,
                  "-ext",
                  "bc:c=ca:true",
                  "-storetype",
                  "PKCS12",
                  "-keystore",
                  store.toString(),
                  "-storepass",
                  PASSWORD)
              .redirectErrorStream(true)
              .start();
      String output = new String(keytool.getInputStream().readAllBytes(), UTF_8);
      if (keytool.waitFor() != 0) {
        throw new IllegalStateException("keytool failed: " + output);
      }
      KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
      TestCertificate made =
          new TestCertificate(
              pem("CERTIFICATE", keys.getCertificate("server").getEncoded()),
              pem("PRIVATE KEY", keys.getKey("server", PASSWORD.toCharArray()).getEncoded()));
      Files.delete(store);
      Files.delete(folder);
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// The same key as OpenSSL wrote it before PKCS#8, and others still do: PKCS#1 or SEC1.
  public String olderKeyPem() {
    try {
      PrivateKeyInfo key = PrivateKeyInfo.getInstance(content(keyPem));
      if (key.getPrivateKeyAlgorithm().getAlgorithm().equals(rsaEncryption)) {
        return pem("RSA PRIVATE KEY", key.getPrivateKey().getOctets());
      }
      SubjectPublicKeyInfo publicKey =
          SubjectPublicKeyInfo.getInstance(certificate().getPublicKey().getEncoded());
      return pem(
          "EC PRIVATE KEY",
          new ECPrivateKey(
                  ECPrivateKey.getInstance(key.parsePrivateKey()).getPrivateKey(),
                  key.getPrivateKeyAlgorithm().getParameters(),
                  publicKey.getPublicKeyData())
              .getEncoded());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public X509Certificate certificate() {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(certificatePem.getBytes(UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] content(String pem) {
    return Base64.getMimeDecoder().decode(pem.replaceAll("-----[^-]*-----", ""));
  }

  private static String pem(String kind, byte[] content) {
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
        .formatted(
            kind, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content), kind);
  }
}
