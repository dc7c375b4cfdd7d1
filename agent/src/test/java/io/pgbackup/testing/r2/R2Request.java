package io.pgbackup.testing.r2;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.testing.SignedRequest;
import java.net.URLDecoder;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// One request of the S3 API with path-style addresses, and what it means.
///
/// @param operation as R2 names it among the actions of a token
/// @param bucket empty for the account's own address
/// @param key empty for the bucket's own address
/// @param query decoded
public record R2Request(
    SignedRequest signed, String operation, String bucket, String key, Map<String, String> query) {
  /// What R2's page on S3 compatibility marks as not implemented for objects, and what belongs to
  /// bodies with trailers.
  private static final Set<String> HEADERS =
      Set.of(
          "x-amz-acl",
          "x-amz-bypass-governance-retention",
          "x-amz-expected-bucket-owner",
          "x-amz-mfa",
          "x-amz-request-payer",
          "x-amz-server-side-encryption",
          "x-amz-server-side-encryption-aws-kms-key-id",
          "x-amz-server-side-encryption-bucket-key-enabled",
          "x-amz-server-side-encryption-context",
          "x-amz-source-expected-bucket-owner",
          "x-amz-tagging",
          "x-amz-tagging-directive",
          "x-amz-trailer",
          "x-amz-website-redirect-location");

  private static final Set<String> RESOURCES =
      Set.of(
          "acl",
          "attributes",
          "legal-hold",
          "notification",
          "object-lock",
          "ownershipControls",
          "policy",
          "policyStatus",
          "retention",
          "tagging",
          "versionId",
          "versioning",
          "versions");

  static R2Request of(SignedRequest signed) {
    String[] path = signed.path().substring(1).split("/", 2);
    String key = path.length == 2 ? decoded(path[1]) : "";
    Map<String, String> query = new TreeMap<>();
    for (String parameter : signed.query().split("&")) {
      if (!parameter.isEmpty()) {
        String[] pair = parameter.split("=", 2);
        query.put(decoded(pair[0]), pair.length == 2 ? decoded(pair[1]) : "");
      }
    }
    String bucket = decoded(path[0]);
    return new R2Request(signed, operation(signed, bucket, key, query), bucket, key, query);
  }

  // A plus is a plus: S3 clients write a space as %20.
  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
  }

  private static String operation(
      SignedRequest signed, String bucket, String key, Map<String, String> query) {
    if (bucket.isEmpty()) {
      return "ListBuckets";
    }
    if (key.isEmpty()) {
      return switch (signed.method()) {
        case "GET" -> listing(query);
        case "POST" -> "DeleteObjects";
        case "HEAD" -> "HeadBucket";
        case "PUT" -> "CreateBucket";
        default -> "DeleteBucket";
      };
    }
    boolean copies = signed.header("x-amz-copy-source").isPresent();
    boolean ofUpload = query.containsKey("uploadId");
    return switch (signed.method()) {
      case "GET" -> ofUpload ? "ListParts" : "GetObject";
      case "HEAD" -> "HeadObject";
      case "POST" -> ofUpload ? "CompleteMultipartUpload" : "CreateMultipartUpload";
      case "DELETE" -> ofUpload ? "AbortMultipartUpload" : "DeleteObject";
      default ->
          ofUpload
              ? (copies ? "UploadPartCopy" : "UploadPart")
              : (copies ? "CopyObject" : "PutObject");
    };
  }

  private static String listing(Map<String, String> query) {
    if (query.containsKey("location")) {
      return "GetBucketLocation";
    }
    if (query.containsKey("uploads")) {
      return "ListMultipartUploads";
    }
    return "2".equals(query.get("list-type")) ? "ListObjectsV2" : "ListObjectsV1";
  }

  /// Whether it changes what stands under its key.
  boolean writes() {
    return Set.of("PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject")
        .contains(operation);
  }

  /// What R2 does not know, as it is written in the request; empty where there is nothing.
  Optional<String> unsupported() {
    Set<String> found = new TreeSet<>(signed.headers().keySet());
    found.removeIf(
        name ->
            !HEADERS.contains(name)
                && !name.startsWith("x-amz-grant-")
                && !name.startsWith("x-amz-object-lock-"));
    query.keySet().stream().filter(RESOURCES::contains).forEach(found::add);
    if (signed.header("x-amz-content-sha256").orElse("").startsWith("STREAMING-")) {
      found.add("x-amz-content-sha256");
    }
    return found.stream().findFirst();
  }

  String parameter(String name) {
    return query.getOrDefault(name, "");
  }
}
