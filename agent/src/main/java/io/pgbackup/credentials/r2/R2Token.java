package io.pgbackup.credentials.r2;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.policy.ClusterScope;
import io.pgbackup.credentials.policy.Role;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// What R2 is told about a temporary credential: a JWT that the parent's secret signs and that is
/// the session token itself. Nobody is asked, so nobody needs to answer; equal input gives equal
/// output.
///
/// @param account its id
/// @param endpoint the address that the credential is for, jurisdiction included
/// @param issuedAt whole seconds count
/// @param expiration whole seconds count
record R2Token(
    String account,
    URI endpoint,
    ClusterScope scope,
    Role role,
    Instant issuedAt,
    Instant expiration) {
  private static final String HEADER = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

  /// @param parent an access key of R2 itself, without a session token
  AccessKeys signedBy(AccessKeys parent) {
    String jwt = jwt(parent);
    return new AccessKeys(
        parent.accessKeyId(),
        HexFormat.of().formatHex(sha256(jwt)),
        Optional.of(Base64.getEncoder().encodeToString(("jwt/" + jwt).getBytes(UTF_8))));
  }

  private String jwt(AccessKeys parent) {
    String signed = base64(HEADER.getBytes(UTF_8)) + "." + base64(payload(parent.accessKeyId()));
    return signed + "." + base64(hmac(parent.secretAccessKey(), signed));
  }

  private byte[] payload(String parentId) {
    R2Grant grant = R2Grant.of(role);
    ObjectNode claims = JsonNodeFactory.instance.objectNode();
    claims.put("bucket", scope.bucket());
    claims.put("scope", grant.scope());
    ArrayNode actions = claims.putArray("actions");
    grant.actions().forEach(actions::add);
    ObjectNode paths = claims.putObject("paths");
    // Without a prefix it would mean the whole bucket; a scope is never the root.
    paths.putArray("prefixPaths").add(scope.folder().path());
    paths.putArray("objectPaths");
    claims.put("sub", account);
    claims.put("iss", parentId);
    claims.put("aud", endpoint.getAuthority());
    claims.put("iat", issuedAt.getEpochSecond());
    claims.put("exp", expiration.getEpochSecond());
    return claims.toString().getBytes(UTF_8);
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  // The secret's hexadecimal digits are the key as they stand.
  private static byte[] hmac(String secret, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JVM has HmacSHA256", e);
    }
  }
}
