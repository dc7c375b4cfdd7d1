package io.pgbackup.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// A request as it came, and its signature of AWS Signature Version 4 judged by the documentation,
/// without the SDK that made it.
///
/// Immutable, but for the body, which nobody changes.
public final class SignedRequest {
  private final String method;
  private final String path;
  private final String query;
  private final Map<String, String> headers;
  private final byte[] body;

  private SignedRequest(
      String method, String path, String query, Map<String, String> headers, byte[] body) {
    this.method = method;
    this.path = path;
    this.query = query;
    this.headers = headers;
    this.body = body;
  }

  public static SignedRequest read(HttpExchange exchange) throws IOException {
    Map<String, String> headers = new TreeMap<>();
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) ->
                headers.put(name.toLowerCase(Locale.ROOT), String.join(",", values).strip()));
    return new SignedRequest(
        exchange.getRequestMethod(),
        exchange.getRequestURI().getRawPath(),
        Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse(""),
        headers,
        exchange.getRequestBody().readAllBytes());
  }

  public String method() {
    return method;
  }

  /// As it was sent, still encoded.
  public String path() {
    return path;
  }

  /// As it was sent, still encoded; empty for none.
  public String query() {
    return query;
  }

  /// With lower-case names.
  public Map<String, String> headers() {
    return headers;
  }

  public byte[] body() {
    return body;
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  /// What the header `Authorization` says.
  ///
  /// @param signedHeaders in the order in which they were signed
  public record Authorization(
      String accessKeyId,
      String date,
      String region,
      String service,
      List<String> signedHeaders,
      String signature) {}

  /// Empty where it is missing or of another form.
  public Optional<Authorization> authorization() {
    String form =
        "AWS4-HMAC-SHA256 Credential=([^/]+)/(\\d{8})/([^/]*)/([^/]+)/aws4_request,"
            + " *SignedHeaders=([a-z0-9;-]+), *Signature=([0-9a-f]{64})";
    var matcher = Pattern.compile(form).matcher(header("authorization").orElse(""));
    return matcher.matches()
        ? Optional.of(
            new Authorization(
                matcher.group(1),
                matcher.group(2),
                matcher.group(3),
                matcher.group(4),
                List.of(matcher.group(5).split(";")),
                matcher.group(6)))
        : Optional.empty();
  }

  /// Whether this secret signed this request, with every header of Amazon's that it has.
  ///
  /// @param payloadHash the last line of the canonical request
  public boolean isSignedBy(String secret, Authorization authorization, String payloadHash) {
    boolean everyHeader =
        headers.keySet().stream()
            .filter(name -> name.startsWith("x-amz-") || name.equals("host"))
            .allMatch(authorization.signedHeaders()::contains);
    String canonicalHeaders =
        authorization.signedHeaders().stream()
            .map(name -> name + ":" + header(name).orElse("").replaceAll(" +", " ") + "\n")
            .collect(Collectors.joining());
    String canonical =
        String.join(
            "\n",
            method,
            path,
            canonicalQuery(),
            canonicalHeaders,
            String.join(";", authorization.signedHeaders()),
            payloadHash);
    String scope =
        String.join(
            "/",
            authorization.date(),
            authorization.region(),
            authorization.service(),
            "aws4_request");
    String text =
        String.join(
            "\n",
            "AWS4-HMAC-SHA256",
            header("x-amz-date").orElse(""),
            scope,
            hex(sha256(canonical.getBytes(UTF_8))));
    byte[] key = ("AWS4" + secret).getBytes(UTF_8);
    for (String part : scope.split("/", -1)) {
      key = hmac(key, part);
    }
    return everyHeader && hex(hmac(key, text)).equals(authorization.signature());
  }

  private String canonicalQuery() {
    return query.isEmpty()
        ? ""
        : Arrays.stream(query.split("&"))
            .map(parameter -> parameter.contains("=") ? parameter : parameter + "=")
            .sorted()
            .collect(Collectors.joining("&"));
  }

  public static byte[] sha256(byte[] bytes) {
    return digest("SHA-256", bytes);
  }

  public static byte[] digest(String algorithm, byte[] bytes) {
    try {
      return MessageDigest.getInstance(algorithm).digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  public static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  public static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
