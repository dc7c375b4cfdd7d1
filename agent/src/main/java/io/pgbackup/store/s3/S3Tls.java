package io.pgbackup.store.s3;

import io.pgbackup.crypto.NativeCrypto;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Provider;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// TLS by Conscrypt where it can be loaded, otherwise by the JDK; certificates are always judged by
/// the JDK, with the system's authorities and those of `caFile`.
final class S3Tls {
  private S3Tls() {}

  static SSLSocketFactory sockets(Optional<Path> caFile) {
    try {
      X509ExtendedTrustManager trust = trust(caFile);
      Optional<Provider> conscrypt = NativeCrypto.provider();
      SSLContext context;
      if (conscrypt.isPresent()) {
        context = SSLContext.getInstance("TLS", conscrypt.get());
        context.init(null, new TrustManager[] {new ConscryptTrust(trust)}, null);
      } else {
        context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {trust}, null);
      }
      return context.getSocketFactory();
    } catch (GeneralSecurityException | IOException e) {
      throw Problem.misconfigured(
              "TLS cannot be set up: " + e.getMessage(), "Check the JVM's trust store.")
          .causedBy(e);
    }
  }

  private static X509ExtendedTrustManager trust(Optional<Path> caFile)
      throws GeneralSecurityException, IOException {
    X509ExtendedTrustManager system = manager(null);
    if (caFile.isEmpty()) {
      return system;
    }
    KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
    authorities.load(null, null);
    int count = 0;
    for (Certificate authority : system.getAcceptedIssuers()) {
      authorities.setCertificateEntry("system-" + count++, authority);
    }
    for (Certificate authority : read(caFile.get())) {
      authorities.setCertificateEntry("own-" + count++, authority);
    }
    return manager(authorities);
  }

  private static X509ExtendedTrustManager manager(@Nullable KeyStore authorities)
      throws GeneralSecurityException {
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(authorities);
    return Arrays.stream(factory.getTrustManagers())
        .filter(X509ExtendedTrustManager.class::isInstance)
        .map(X509ExtendedTrustManager.class::cast)
        .findFirst()
        .orElseThrow(() -> new GeneralSecurityException("no trust manager for X.509"));
  }

  private static Collection<? extends Certificate> read(Path caFile) {
    try (InputStream pem = Files.newInputStream(caFile)) {
      var certificates = CertificateFactory.getInstance("X.509").generateCertificates(pem);
      if (certificates.isEmpty()) {
        throw new CertificateException("no certificate in it");
      }
      return certificates;
    } catch (IOException | CertificateException e) {
      throw Problem.misconfigured(
              "cannot read storage.caFile " + caFile + ": " + e.getMessage(),
              "It holds one or more certificates in PEM form.")
          .causedBy(e);
    }
  }
}
