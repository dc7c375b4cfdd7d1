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
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/// TLS by Conscrypt where it can be loaded, otherwise by the JDK; certificates are always judged by
/// the JDK, with the system's authorities and those of `caFile`.
final class S3Tls {
  private S3Tls() {}

  static SSLSocketFactory sockets(Optional<Path> caFile) {
    try {
      Optional<Provider> provider = NativeCrypto.provider();
      SSLContext context =
          provider.isPresent()
              ? SSLContext.getInstance("TLS", provider.get())
              : SSLContext.getInstance("TLS");
      context.init(null, trust(caFile), null);
      return context.getSocketFactory();
    } catch (GeneralSecurityException | IOException e) {
      throw Problem.misconfigured(
              "TLS cannot be set up: " + e.getMessage(), "Check the JVM's trust store.")
          .causedBy(e);
    }
  }

  private static TrustManager[] trust(Optional<Path> caFile)
      throws GeneralSecurityException, IOException {
    TrustManager[] system = managers(null);
    if (caFile.isEmpty()) {
      return system;
    }
    KeyStore authorities = KeyStore.getInstance(KeyStore.getDefaultType());
    authorities.load(null, null);
    int count = 0;
    for (Certificate authority :
        Stream.concat(issuers(system), read(caFile.get()).stream()).toList()) {
      authorities.setCertificateEntry("authority-" + count++, authority);
    }
    return managers(authorities);
  }

  private static TrustManager[] managers(@org.jspecify.annotations.Nullable KeyStore authorities)
      throws GeneralSecurityException {
    var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(authorities);
    return factory.getTrustManagers();
  }

  private static Stream<X509Certificate> issuers(TrustManager[] managers) {
    return Arrays.stream(managers)
        .filter(X509TrustManager.class::isInstance)
        .flatMap(manager -> Arrays.stream(((X509TrustManager) manager).getAcceptedIssuers()));
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
