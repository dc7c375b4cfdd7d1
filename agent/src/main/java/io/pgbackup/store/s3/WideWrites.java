package io.pgbackup.store.s3;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.ProtocolException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A connection that sends its body in large pieces. The SDK copies a body in pieces of 4 KiB, and
/// the JDK sends each at once: one system call and one record of TLS for each of them, here and at
/// the store.
///
/// What the SDK does not call is left as it is in a connection that nobody configured.
final class WideWrites extends HttpURLConnection {
  /// Four records of TLS, which has no larger ones.
  private static final int PIECE = 64 << 10;

  private final HttpURLConnection connection;
  private @Nullable OutputStream body;

  WideWrites(HttpURLConnection connection) {
    super(connection.getURL());
    this.connection = connection;
  }

  @Override
  public OutputStream getOutputStream() throws IOException {
    OutputStream standing = body;
    if (standing == null) {
      standing = new BufferedOutputStream(connection.getOutputStream(), PIECE);
      body = standing;
    }
    return standing;
  }

  /// Nobody answers before the body is whole. Once only: after the answer the socket may be another
  /// request's.
  private HttpURLConnection sent() throws IOException {
    OutputStream standing = body;
    if (standing != null) {
      body = null;
      standing.flush();
    }
    return connection;
  }

  @Override
  public int getResponseCode() throws IOException {
    return sent().getResponseCode();
  }

  @Override
  public String getResponseMessage() throws IOException {
    return sent().getResponseMessage();
  }

  @Override
  public InputStream getInputStream() throws IOException {
    return sent().getInputStream();
  }

  @Override
  public @Nullable InputStream getErrorStream() {
    return connection.getErrorStream();
  }

  @Override
  public @Nullable String getHeaderField(String name) {
    return connection.getHeaderField(name);
  }

  @Override
  public Map<String, List<String>> getHeaderFields() {
    return connection.getHeaderFields();
  }

  @Override
  public void setRequestMethod(String method) throws ProtocolException {
    connection.setRequestMethod(method);
  }

  @Override
  public String getRequestMethod() {
    return connection.getRequestMethod();
  }

  @Override
  public void setRequestProperty(String key, String value) {
    connection.setRequestProperty(key, value);
  }

  @Override
  public void addRequestProperty(String key, String value) {
    connection.addRequestProperty(key, value);
  }

  @Override
  public void setDoOutput(boolean output) {
    connection.setDoOutput(output);
  }

  @Override
  public void setFixedLengthStreamingMode(long length) {
    connection.setFixedLengthStreamingMode(length);
  }

  @Override
  public void setChunkedStreamingMode(int length) {
    connection.setChunkedStreamingMode(length);
  }

  @Override
  public void setInstanceFollowRedirects(boolean follow) {
    connection.setInstanceFollowRedirects(follow);
  }

  @Override
  public void connect() throws IOException {
    connection.connect();
  }

  @Override
  public void disconnect() {
    connection.disconnect();
  }

  @Override
  public boolean usingProxy() {
    return connection.usingProxy();
  }
}
