package io.pgbackup.store.s3;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/// The JDK's judgement of certificates, host name included, for Conscrypt: for TLS 1.3, where the
/// cipher suite does not name the key exchange, Conscrypt says `GENERIC` and the JDK `UNKNOWN`.
final class ConscryptTrust extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager jdk;

  ConscryptTrust(X509ExtendedTrustManager jdk) {
    this.jdk = jdk;
  }

  private static String name(String keyExchange) {
    return keyExchange.equals("GENERIC") ? "UNKNOWN" : keyExchange;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String keyExchange, Socket socket)
      throws CertificateException {
    jdk.checkServerTrusted(chain, name(keyExchange), socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String keyExchange, SSLEngine engine)
      throws CertificateException {
    jdk.checkServerTrusted(chain, name(keyExchange), engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String keyExchange)
      throws CertificateException {
    jdk.checkServerTrusted(chain, name(keyExchange));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String keyExchange, Socket socket)
      throws CertificateException {
    jdk.checkClientTrusted(chain, keyExchange, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String keyExchange, SSLEngine engine)
      throws CertificateException {
    jdk.checkClientTrusted(chain, keyExchange, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String keyExchange)
      throws CertificateException {
    jdk.checkClientTrusted(chain, keyExchange);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return jdk.getAcceptedIssuers();
  }
}
