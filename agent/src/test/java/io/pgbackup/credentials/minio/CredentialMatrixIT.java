package io.pgbackup.credentials.minio;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.broker.Broker;
import io.pgbackup.credentials.minio.IsolationMatrix.Mismatch;
import io.pgbackup.credentials.minio.IsolationMatrix.Place;
import io.pgbackup.credentials.open.Brokers;
import io.pgbackup.credentials.policy.AccessPolicy;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.PrefixTemplate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.s3.S3Client;

/// The proof of isolation: every operation, with every role, in the cluster's own folder, in the
/// folder whose name begins with its own, in another one, and at the root of the bucket.
class CredentialMatrixIT {
  private static Fleet fleet;
  private static S3Client owner;
  private static Broker broker;
  private static IsolationMatrix matrix;

  @BeforeAll
  static void fleet() {
    fleet = Fleet.onSharedServer();
    owner = fleet.client(Fleet.ROOT);
    broker = Brokers.open(fleet.settings());
    matrix = new IsolationMatrix(fleet, owner);
  }

  @AfterAll
  static void close() {
    if (broker != null) {
      broker.close();
      owner.close();
    }
  }

  private static String table(List<Mismatch> mismatches) {
    return mismatches.stream()
        .map(Mismatch::toString)
        .collect(Collectors.joining("\n", "what is not as it should be:\n", "\n"));
  }

  @Test
  void everyRoleDoesItsWorkInItsFolderAndNothingElseAnywhere() {
    int before = matrix.tried();
    List<Mismatch> mismatches = new ArrayList<>();
    for (Role role : Role.values()) {
      AccessKeys keys = broker.issue(fleet.holder("c1"), role, Optional.empty()).keys();
      mismatches.addAll(matrix.run(role, keys));
    }

    assertThat(mismatches).as(table(mismatches)).isEmpty();
    assertThat(matrix.tried() - before)
        .as("every operation was tried")
        .isEqualTo(
            3 * (4 * MatrixOperation.inPlaces().size() + MatrixOperation.onTheBucket().size()));
  }

  @Test
  void aPolicyThatForgetsTheSlashIsCaught() {
    String slashless =
        AccessPolicy.of(Role.ARCHIVER, fleet.holder("c1").scope())
            .json()
            .replace("fleet/c1/*", "fleet/c1*");

    assertThat(places(matrix.run(Role.ARCHIVER, session(slashless))))
        .contains("GetObject TWIN", "ListObjectsV2 TWIN", "PutObject over another TWIN")
        .contains("CopyObject out of it TWIN", "multipart upload TWIN")
        .doesNotContain("GetObject OTHER");
  }

  @Test
  void aListingWithoutConditionIsCaught() {
    String unconditioned =
        AccessPolicy.of(Role.RESTORER, fleet.holder("c1").scope())
            .json()
            .replaceAll(",\"Condition\":.*?]}}", "");

    assertThat(places(matrix.run(Role.RESTORER, session(unconditioned))))
        .contains("ListObjectsV2 TWIN", "ListObjectsV2 OTHER", "ListObjectsV2 ROOT")
        .doesNotContain("GetObject OTHER");
  }

  @Test
  void noPolicyAtAllIsCaught() {
    List<Mismatch> mismatches =
        matrix.run(
            Role.ARCHIVER,
            session(
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\",\"s3:PutObject\",\"s3:DeleteObject\",\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::*\"]}]}"));

    assertThat(places(mismatches))
        .contains(
            "GetObject OTHER", "DeleteObject OTHER", "DeleteObject OWN", "PutObject new ROOT");
  }

  private static List<String> places(List<Mismatch> mismatches) {
    return mismatches.stream()
        .map(mismatch -> mismatch.operation() + " " + mismatch.place())
        .toList();
  }

  /// A session of whoever may do everything, limited by this policy alone.
  private static AccessKeys session(String policy) {
    try (SignedHttp http = fleet.http()) {
      return new MinioSts(http)
          .assumeRole(Fleet.ROOT, new AccessPolicy(policy), Duration.ofMinutes(15), "control")
          .orElseThrow()
          .keys();
    }
  }

  @Test
  void whatAPolicyForgotTheClustersParentStillRefuses() {
    broker.bootstrap(fleet.holder("c1"));
    ParentUser parent = ParentUser.of(fleet.holder("c1"), PrefixTemplate.DEFAULT);
    AccessKeys keys = new AccessKeys(parent.name(), parent.secret(Fleet.ROOT), Optional.empty());

    assertThat(matrix.run(Role.ARCHIVER, keys))
        .extracting(Mismatch::place)
        .as("a parent reaches its own folder only")
        .containsOnly(Place.OWN);
  }
}
