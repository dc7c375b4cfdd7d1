package io.pgbackup.postgres.jdbc;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.pgbackup.config.PgBackupConfig.ClientCertificate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Properties;

/// Translates a client's certificate and its key into pgjdbc's properties.
final class ClientCertificates {
  private static final String PKCS8 = "-----BEGIN PRIVATE KEY-----";

  private ClientCertificates() {}

  /// @throws PgBackupException `Misconfigured` if pgjdbc would not understand one of them
  static void show(ClientCertificate client, Properties properties) {
    byte[] key = SecretFile.read(client.key(), "key of the client certificate");
    if (!new String(key, US_ASCII).contains(PKCS8)) {
      throw Problem.misconfigured(
              "the key of the client certificate %s is not PEM in PKCS#8".formatted(client.key()),
              "It begins with %s. Convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW; cert-manager makes such a one with privateKey.encoding: PKCS8."
                  .formatted(PKCS8))
          .asException();
    }
    properties.setProperty("sslcert", client.certificate().toString());
    properties.setProperty("sslkey", client.key().toString());
    // pgjdbc takes a key in PEM for one of RSA otherwise
    properties.setProperty("pemKeyAlgorithm", algorithm(client.certificate()));
  }

  private static String algorithm(Path certificate) {
    try (InputStream content = Files.newInputStream(certificate)) {
      return CertificateFactory.getInstance("X.509")
          .generateCertificate(content)
          .getPublicKey()
          .getAlgorithm();
    } catch (IOException | CertificateException e) {
      throw Problem.misconfigured(
              "cannot read the client certificate " + certificate,
              "postgres.clientCertFile names a file in PEM that the agent may read.")
          .causedBy(e);
    }
  }
}
