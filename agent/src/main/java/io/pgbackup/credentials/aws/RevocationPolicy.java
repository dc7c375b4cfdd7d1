package io.pgbackup.credentials.aws;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pgbackup.credentials.policy.ClusterScope;
import java.time.Instant;

/// Ends the sessions of one cluster that were issued before an instant, as a policy to attach to
/// the IAM role: those of other clusters never reach this folder, and newer ones are let through.
record RevocationPolicy(ClusterScope scope, Instant before) {
  String json() {
    ObjectNode document = JsonNodeFactory.instance.objectNode().put("Version", "2012-10-17");
    String bucket = "arn:aws:s3:::" + scope.bucket();
    ObjectNode objects = document.putArray("Statement").addObject();
    objects.put("Effect", "Deny").put("Action", "s3:*");
    objects.put("Resource", bucket + "/" + scope.folder().path() + "*");
    issuedBefore(objects.putObject("Condition"));
    ObjectNode listing = document.withArray("Statement").addObject();
    listing.put("Effect", "Deny").put("Action", "s3:*").put("Resource", bucket);
    ObjectNode condition = listing.putObject("Condition");
    issuedBefore(condition);
    condition.putObject("StringLike").put("s3:prefix", scope.folder().path() + "*");
    return document.toString();
  }

  private void issuedBefore(ObjectNode condition) {
    condition.putObject("DateLessThan").put("aws:TokenIssueTime", before.toString());
  }

  /// The text of the document.
  @Override
  public String toString() {
    return json();
  }
}
