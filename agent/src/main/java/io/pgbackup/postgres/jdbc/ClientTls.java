package io.pgbackup.postgres.jdbc;

import static java.util.Objects.requireNonNull;

import io.pgbackup.config.PgBackupConfig.ClientCertificate;
import io.pgbackup.problem.PgBackupException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Properties;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509KeyManager;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGProperty;
import org.postgresql.jdbc.SslMode;
import org.postgresql.ssl.NonValidatingFactory.NonValidatingTM;
import org.postgresql.ssl.WrappedFactory;
import org.postgresql.util.PSQLException;

/// TLS with a client certificate: pgjdbc's own reads a key in PKCS#8 alone, and only shows a
/// certificate that one of the server's authorities has signed directly. What is trusted is as
/// there; pgjdbc itself checks the server's name.
///
/// pgjdbc makes it, by its name, for each connection.
public final class ClientTls extends WrappedFactory {
  /// @param properties pgjdbc's, with the names of the files
  /// @throws PgBackupException as [ClientCertificates#read]
  public ClientTls(Properties properties)
      throws GeneralSecurityException, IOException, PSQLException {
    ClientCertificates shown =
        ClientCertificates.read(
            new ClientCertificate(
                file(properties, PGProperty.SSL_CERT), file(properties, PGProperty.SSL_KEY)));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        new KeyManager[] {new Shown(shown)},
        SslMode.of(properties).verifyCertificate()
            ? signedBy(file(properties, PGProperty.SSL_ROOT_CERT))
            : new TrustManager[] {new NonValidatingTM()},
        null);
    factory = context.getSocketFactory();
  }

  private static Path file(Properties properties, PGProperty property) {
    return Path.of(requireNonNull(property.getOrDefault(properties)));
  }

  private static TrustManager[] signedBy(Path authorities)
      throws GeneralSecurityException, IOException {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream content = Files.newInputStream(authorities)) {
      for (Certificate each :
          CertificateFactory.getInstance("X.509").generateCertificates(content)) {
        trusted.setCertificateEntry("authority-" + trusted.size(), each);
      }
    }
    TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
    managers.init(trusted);
    return managers.getTrustManagers();
  }

  /// Always the same one, as libpq does: the server says what it thinks of it.
  private record Shown(ClientCertificates certificates) implements X509KeyManager {
    private static final String ALIAS = "client";

    @Override
    public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String chooseClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return ALIAS;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return certificates.chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return certificates.key();
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }
  }
}
