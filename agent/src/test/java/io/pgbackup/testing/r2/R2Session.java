package io.pgbackup.testing.r2;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.testing.SignedRequest;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The token of a temporary credential, as a server reads it: from the documentation, sharing
/// nothing with what signs it.
///
/// @param secret what requests of this session are signed with
record R2Session(JsonNode claims, String secret) {
  private static final Set<String> READ =
      Set.of(
          "HeadObject",
          "GetObject",
          "GetBucketLocation",
          "ListObjectsV1",
          "ListObjectsV2",
          "ListMultipartUploads",
          "ListParts");

  /// Empty where the token is not signed by this parent, not for this place, or no longer valid.
  static Optional<R2Session> verified(
      String sessionToken, String parentSecret, String account, String host, Instant now) {
    String text;
    JsonNode header;
    JsonNode claims;
    String[] parts;
    try {
      text = new String(Base64.getDecoder().decode(sessionToken), UTF_8);
      parts = text.substring(Math.min(4, text.length())).split("\\.", -1);
      if (!text.startsWith("jwt/") || parts.length != 3) {
        return Optional.empty();
      }
      header = json(parts[0]);
      claims = json(parts[1]);
    } catch (IllegalArgumentException | JsonProcessingException _) {
      return Optional.empty();
    }
    String signature =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                SignedRequest.hmac(parentSecret.getBytes(UTF_8), parts[0] + "." + parts[1]));
    boolean valid =
        header.path("alg").asText().equals("HS256")
            && MessageDigest.isEqual(signature.getBytes(UTF_8), parts[2].getBytes(UTF_8))
            && claims.path("sub").asText().equals(account)
            && claims.path("aud").asText().equals(host)
            && claims.path("iat").isIntegralNumber()
            && claims.path("exp").asLong() > now.getEpochSecond();
    String secret =
        SignedRequest.hex(SignedRequest.sha256(text.substring("jwt/".length()).getBytes(UTF_8)));
    return valid ? Optional.of(new R2Session(claims, secret)) : Optional.empty();
  }

  private static JsonNode json(String part) throws JsonProcessingException {
    return new JsonMapper().readTree(new String(Base64.getUrlDecoder().decode(part), UTF_8));
  }

  String issuer() {
    return claims.path("iss").asText();
  }

  boolean allows(R2Request request) {
    String operation = request.operation();
    return claims.path("bucket").asText().equals(request.bucket())
        && isInScope(operation)
        && isAmongActions(operation)
        && switch (operation) {
          case "ListObjectsV1", "ListObjectsV2", "ListMultipartUploads" ->
              // Not documented: a listing is taken to need a prefix within the session's.
              reaches(request.parameter("prefix"));
          case "DeleteObjects" -> true; // judged key by key
          case "CopyObject", "UploadPartCopy" ->
              reaches(request.key()) && reaches(copySource(request));
          default -> reaches(request.key());
        };
  }

  private boolean isInScope(String operation) {
    return switch (claims.path("scope").asText()) {
      case "object-read-only" -> READ.contains(operation);
      case "object-read-write" -> !List.of("CreateBucket", "DeleteBucket").contains(operation);
      default -> false;
    };
  }

  private boolean isAmongActions(String operation) {
    return claims.path("actions").isMissingNode()
        || claims.path("actions").valueStream().anyMatch(it -> it.asText().equals(operation));
  }

  private String copySource(R2Request request) {
    String source = request.signed().header("x-amz-copy-source").orElse("");
    String own = request.bucket() + "/";
    String bare = source.startsWith("/") ? source.substring(1) : source;
    return bare.startsWith(own) ? bare.substring(own.length()) : "";
  }

  boolean reaches(String key) {
    JsonNode paths = claims.path("paths");
    return paths.isMissingNode()
        || paths.path("prefixPaths").valueStream().anyMatch(it -> key.startsWith(it.asText()))
        || paths.path("objectPaths").valueStream().anyMatch(it -> key.equals(it.asText()));
  }
}
