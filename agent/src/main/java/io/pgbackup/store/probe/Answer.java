package io.pgbackup.store.probe;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/// What a store answered to one request.
///
/// @param status of HTTP
/// @param code the error's, such as `AccessDenied`; `status 403` where the answer had no body;
///   empty for success
/// @param message the store's own words, empty for success
/// @param at the store's clock, where it said it
/// @param value what was asked for, on success
public record Answer<T>(
    int status, String code, String message, Optional<Instant> at, Optional<T> value) {
  // S3 answers an expired session with the first, R2 with 401, MinIO with the others.
  private static final Set<String> STRANGERS =
      Set.of(
          "ExpiredToken",
          "InvalidAccessKeyId",
          "InvalidTokenId",
          "SignatureDoesNotMatch",
          "Unauthorized");

  public boolean ok() {
    return value.isPresent();
  }

  /// The credential is known and may not do this.
  public boolean isForbidden() {
    return status == 403 && !isStranger() && !isSkewed();
  }

  /// The credential is unknown, wrong or expired.
  public boolean isStranger() {
    return status == 401 || STRANGERS.contains(code);
  }

  /// The store finds the request too old or too new.
  public boolean isSkewed() {
    return code.equals("RequestTimeTooSkewed");
  }

  /// A condition of the request did not hold.
  public boolean isPrecondition() {
    return status == 412 || code.equals("PreconditionFailed");
  }

  public boolean isMissing() {
    return status == 404 && !code.equals("NoSuchBucket");
  }

  /// For messages: `403 AccessDenied`, or `200`.
  public String words() {
    return code.isEmpty() || code.startsWith("status ") ? "" + status : status + " " + code;
  }
}
