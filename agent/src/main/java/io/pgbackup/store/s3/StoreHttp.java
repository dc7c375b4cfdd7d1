package io.pgbackup.store.s3;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;

/// How whatever belongs to a store is spoken to over HTTP.
public final class StoreHttp {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration SILENCE = Duration.ofSeconds(60);

  private StoreHttp() {}

  /// @param caFile PEM, added to the system's authorities
  public static SdkHttpClient client(Optional<Path> caFile) {
    SSLSocketFactory tls = S3Tls.sockets(caFile);
    return UrlConnectionHttpClient.create(uri -> connection(uri, tls));
  }

  private static HttpURLConnection connection(URI uri, SSLSocketFactory tls) {
    try {
      var connection = (HttpURLConnection) uri.toURL().openConnection();
      if (connection instanceof HttpsURLConnection secured) {
        secured.setSSLSocketFactory(tls);
      }
      connection.setConnectTimeout(Math.toIntExact(CONNECT.toMillis()));
      connection.setReadTimeout(Math.toIntExact(SILENCE.toMillis()));
      connection.setUseCaches(false);
      return new WideWrites(connection);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
