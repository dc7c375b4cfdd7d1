package io.pgbackup.credentials.policy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// What a credential may do, as a policy document of S3: compact JSON, because every character of a
/// session policy counts. Immutable.
///
/// Nothing allows `s3:ListBucketMultipartUploads`: MinIO takes no prefix with it, and without one
/// it shows the names of every cluster's uploads. Nothing deletes versions, and no put goes *into*
/// a version that stands there: MinIO takes `?versionId=` with it, and versions named in a tar that
/// it unpacks, and would destroy what object lock is to keep.
///
/// @param json never empty, at most [#LONGEST] bytes
public record AccessPolicy(String json) {
  /// AWS and MinIO refuse longer session policies.
  public static final int LONGEST = 2048;

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final String ARN = "arn:aws:s3:::";

  /// @throws IllegalArgumentException if it is empty, which stores take for "no limit", or longer
  ///   than they accept
  public AccessPolicy {
    if (json.isBlank()) {
      throw new IllegalArgumentException("an empty policy limits nothing");
    }
    int length = json.getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST) {
      throw new IllegalArgumentException(
          "the policy has %d bytes, but stores accept %d; shorter names of bucket, namespace and cluster help"
              .formatted(length, LONGEST));
    }
  }

  /// What the role may do in the scope, and nothing else anywhere.
  public static AccessPolicy of(Role role, ClusterScope scope) {
    Document document = new Document(scope);
    switch (role) {
      case ARCHIVER -> {
        document.allow(
            List.of(
                "s3:GetObject",
                "s3:PutObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts"),
            "*");
        document.allowListing("s3:ListBucket");
        document.denyPutIntoVersions();
      }
      case RETENTION -> {
        document.allow(
            List.of(
                "s3:GetObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts"),
            "*");
        document.allowPut("pgbackup/*");
        document.allowListing("s3:ListBucket");
        document.denyPutIntoVersions();
      }
      case RESTORER -> {
        // What stood before somebody overwrote it is read by its version.
        document.allow(List.of("s3:GetObject", "s3:GetObjectVersion"), "*");
        document.allowPut("pgbackup/leases/*");
        document.allowListing("s3:ListBucket", "s3:ListBucketVersions");
        document.denyPutIntoVersions();
      }
    }
    return document.policy();
  }

  /// What a cluster's parent on MinIO may do: every role together, and nothing to users, policies
  /// and keys, its own included.
  public static AccessPolicy ofParent(ClusterScope scope) {
    Document document = new Document(scope);
    document.allow(
        List.of(
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts"),
        "*");
    document.allowListing("s3:ListBucket", "s3:ListBucketVersions");
    document.denyPutIntoVersions();
    document.denyAdministration();
    return document.policy();
  }

  /// The text of the document.
  @Override
  public String toString() {
    return json;
  }

  private static final class Document {
    private final ObjectNode root = MAPPER.createObjectNode().put("Version", "2012-10-17");
    private final ArrayNode statements = root.putArray("Statement");
    private final String bucket;
    private final String folder;

    Document(ClusterScope scope) {
      this.bucket = scope.bucket();
      this.folder = scope.folder().path();
    }

    void allow(List<String> actions, String pattern) {
      ObjectNode statement = statement("Allow", actions);
      statement.putArray("Resource").add(objects(pattern));
    }

    /// In the folder itself, which may be the lineage's, and at any depth below it. A `*` also
    /// matches `/`, so that without the refusal a "lease" could lie among what a restore unpacks.
    void allowPut(String pattern) {
      ObjectNode statement = statement("Allow", List.of("s3:PutObject"));
      statement.putArray("Resource").add(objects(pattern)).add(objects("*/" + pattern));
      ObjectNode refusal = statement("Deny", List.of("s3:PutObject"));
      refusal
          .putArray("Resource")
          .add(ARN + bucket + "/*/basebackups_005/*")
          .add(ARN + bucket + "/*/wal_005/*");
    }

    void allowListing(String... actions) {
      ObjectNode statement = statement("Allow", Arrays.asList(actions));
      statement.putArray("Resource").add(ARN + bucket);
      statement
          .putObject("Condition")
          .putObject("StringLike")
          .putArray("s3:prefix")
          .add(folder + "*");
    }

    /// MinIO unpacks a tar only for who may put the folder that it goes to, a name that ends in
    /// `/`.
    void denyPutIntoVersions() {
      statement("Deny", List.of("s3:PutObject")).putArray("Resource").add(ARN + bucket + "/*/");
      ObjectNode named = statement("Deny", List.of("s3:PutObject"));
      named.putArray("Resource").add(ARN + bucket + "/*");
      named.putObject("Condition").putObject("StringLike").putArray("s3:versionid").add("?*");
    }

    void denyAdministration() {
      statement("Deny", List.of("admin:*"));
    }

    AccessPolicy policy() {
      return new AccessPolicy(root.toString());
    }

    private String objects(String pattern) {
      return ARN + bucket + "/" + folder + pattern;
    }

    private ObjectNode statement(String effect, List<String> actions) {
      ObjectNode statement = statements.addObject().put("Effect", effect);
      actions.forEach(statement.putArray("Action")::add);
      return statement;
    }
  }
}
