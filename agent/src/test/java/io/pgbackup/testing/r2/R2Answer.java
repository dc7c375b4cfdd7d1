package io.pgbackup.testing.r2;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.TreeMap;

/// What is answered to a request.
final class R2Answer {
  private final int status;
  private final Map<String, String> headers;
  private final byte[] body;

  R2Answer(int status, Map<String, String> headers, byte[] body) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  int status() {
    return status;
  }

  Map<String, String> headers() {
    return headers;
  }

  byte[] body() {
    return body;
  }

  /// The codes and statuses of R2's page on errors.
  enum Refusal {
    ACCESS_DENIED(403, "AccessDenied"),
    BAD_DIGEST(400, "BadDigest"),
    ENTITY_TOO_SMALL(400, "EntityTooSmall"),
    INVALID_PART(400, "InvalidPart"),
    MISSING_CONTENT_LENGTH(411, "MissingContentLength"),
    NOT_IMPLEMENTED(501, "NotImplemented"),
    NO_SUCH_BUCKET(404, "NoSuchBucket"),
    NO_SUCH_KEY(404, "NoSuchKey"),
    NO_SUCH_UPLOAD(404, "NoSuchUpload"),
    PRECONDITION_FAILED(412, "PreconditionFailed"),
    SIGNATURE_DOES_NOT_MATCH(403, "SignatureDoesNotMatch"),
    TOO_MANY_REQUESTS(429, "TooManyRequests"),
    UNAUTHORIZED(401, "Unauthorized");

    final int status;
    final String code;

    Refusal(int status, String code) {
      this.status = status;
      this.code = code;
    }
  }

  static R2Answer ok() {
    return new R2Answer(200, Map.of(), new byte[0]);
  }

  static R2Answer xml(String xml) {
    return new R2Answer(
        200,
        Map.of("Content-Type", "application/xml"),
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + xml).getBytes(UTF_8));
  }

  static R2Answer refusal(Refusal refusal, String message) {
    return new R2Answer(
        refusal.status,
        Map.of("Content-Type", "application/xml"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code><Message>%s</Message></Error>"
            .formatted(refusal.code, message)
            .getBytes(UTF_8));
  }

  R2Answer with(String header, String value) {
    Map<String, String> more = new TreeMap<>(headers);
    more.put(header, value);
    return new R2Answer(status, more, body);
  }
}
