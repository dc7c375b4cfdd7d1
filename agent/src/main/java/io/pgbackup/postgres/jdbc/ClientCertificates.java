package io.pgbackup.postgres.jdbc;

import io.pgbackup.config.PgBackupConfig.ClientCertificate;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Properties;
import org.postgresql.PGProperty;

/// What a server that asks for a certificate is shown.
///
/// @param chain the client's certificate, and those of its authorities behind it
record ClientCertificates(List<X509Certificate> chain, PrivateKey key) {
  ClientCertificates {
    chain = List.copyOf(chain);
  }

  /// Translates a client's certificate and its key into pgjdbc's properties.
  ///
  /// @throws PgBackupException `Misconfigured` if one of them cannot be used
  static void show(ClientCertificate client, Properties properties) {
    // pgjdbc would hide the reason behind one of its own
    read(client);
    PGProperty.SSL_FACTORY.set(properties, ClientTls.class.getName());
    PGProperty.SSL_CERT.set(properties, client.certificate().toString());
    PGProperty.SSL_KEY.set(properties, client.key().toString());
  }

  /// @throws PgBackupException `Misconfigured` if one of them cannot be used
  static ClientCertificates read(ClientCertificate client) {
    List<X509Certificate> chain = chain(client.certificate());
    byte[] pem = SecretFile.read(client.key(), "key of the client certificate");
    return new ClientCertificates(
        chain,
        new ClientKey(client.key(), client.certificate(), chain.getFirst().getPublicKey())
            .parse(pem));
  }

  private static List<X509Certificate> chain(Path file) {
    try (InputStream content = Files.newInputStream(file)) {
      List<X509Certificate> chain =
          CertificateFactory.getInstance("X.509").generateCertificates(content).stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (chain.isEmpty()) {
        throw unreadable(file).asException();
      }
      return chain;
    } catch (IOException | CertificateException e) {
      throw unreadable(file).causedBy(e);
    }
  }

  private static Problem unreadable(Path file) {
    return Problem.misconfigured(
        "cannot read the client certificate " + file,
        "postgres.clientCertFile names a file in PEM that the agent may read.");
  }
}
