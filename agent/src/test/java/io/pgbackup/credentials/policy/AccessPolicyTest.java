package io.pgbackup.credentials.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.store.StoreFolder;
import java.util.Arrays;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.NumericChars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class AccessPolicyTest {
  /// The end of every role's policy: no keys that MinIO takes for folders, nothing into a version.
  private static final String NEVER =
      """
      {"Effect":"Deny","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::backups/*/"]},\
      {"Effect":"Deny","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::backups/*"],\
      "Condition":{"StringLike":{"s3:versionid":["?*"]}}}]}""";

  private static final ClusterScope ORDERS =
      new ClusterScope("backups", StoreFolder.of("pgbackup/shop/orders"));

  private static Stream<AccessPolicy> all(ClusterScope scope) {
    return Stream.concat(
        Arrays.stream(Role.values()).map(role -> AccessPolicy.of(role, scope)),
        Stream.of(AccessPolicy.ofParent(scope)));
  }

  @Test
  void theArchiverPutsAndReadsAndDeletesNothing() {
    assertThat(AccessPolicy.of(Role.ARCHIVER, ORDERS).json())
        .isEqualTo(
            """
            {"Version":"2012-10-17","Statement":[\
            {"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:AbortMultipartUpload",\
            "s3:ListMultipartUploadParts"],\
            "Resource":["arn:aws:s3:::backups/pgbackup/shop/orders/*"]},\
            {"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::backups"],\
            "Condition":{"StringLike":{"s3:prefix":["pgbackup/shop/orders/*"]}}},\
            """
                + NEVER);
  }

  @Test
  void retentionDeletesAndPutsOnlyOurOwnDocuments() {
    assertThat(AccessPolicy.of(Role.RETENTION, ORDERS).json())
        .isEqualTo(
            """
            {"Version":"2012-10-17","Statement":[\
            {"Effect":"Allow","Action":["s3:GetObject","s3:DeleteObject",\
            "s3:AbortMultipartUpload","s3:ListMultipartUploadParts"],\
            "Resource":["arn:aws:s3:::backups/pgbackup/shop/orders/*"]},\
            {"Effect":"Allow","Action":["s3:PutObject"],"Resource":[\
            "arn:aws:s3:::backups/pgbackup/shop/orders/pgbackup/*",\
            "arn:aws:s3:::backups/pgbackup/shop/orders/*/pgbackup/*"]},\
            {"Effect":"Deny","Action":["s3:PutObject"],"Resource":[\
            "arn:aws:s3:::backups/*/basebackups_005/*","arn:aws:s3:::backups/*/wal_005/*"]},\
            {"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::backups"],\
            "Condition":{"StringLike":{"s3:prefix":["pgbackup/shop/orders/*"]}}},\
            """
                + NEVER);
  }

  @Test
  void theRestorerReadsVersionsTooAndPutsLeases() {
    assertThat(AccessPolicy.of(Role.RESTORER, ORDERS).json())
        .isEqualTo(
            """
            {"Version":"2012-10-17","Statement":[\
            {"Effect":"Allow","Action":["s3:GetObject","s3:GetObjectVersion"],\
            "Resource":["arn:aws:s3:::backups/pgbackup/shop/orders/*"]},\
            {"Effect":"Allow","Action":["s3:PutObject"],"Resource":[\
            "arn:aws:s3:::backups/pgbackup/shop/orders/pgbackup/leases/*",\
            "arn:aws:s3:::backups/pgbackup/shop/orders/*/pgbackup/leases/*"]},\
            {"Effect":"Deny","Action":["s3:PutObject"],"Resource":[\
            "arn:aws:s3:::backups/*/basebackups_005/*","arn:aws:s3:::backups/*/wal_005/*"]},\
            {"Effect":"Allow","Action":["s3:ListBucket","s3:ListBucketVersions"],\
            "Resource":["arn:aws:s3:::backups"],\
            "Condition":{"StringLike":{"s3:prefix":["pgbackup/shop/orders/*"]}}},\
            """
                + NEVER);
  }

  @Test
  void theParentAdministratesNothing() {
    assertThat(AccessPolicy.ofParent(ORDERS).json())
        .endsWith("{\"Effect\":\"Deny\",\"Action\":[\"admin:*\"]}]}")
        .doesNotContain("s3:*");
  }

  @Property
  void everyPolicyEndsAtTheFoldersSlashAndFits(
      @ForAll @AlphaChars @NumericChars @StringLength(min = 1, max = 63) String namespace,
      @ForAll @AlphaChars @NumericChars @StringLength(min = 1, max = 63) String cluster) {
    StoreFolder folder = StoreFolder.of("pgbackup/" + namespace + "/" + cluster);
    ClusterScope scope = new ClusterScope("b".repeat(63), folder);

    assertThat(all(scope))
        .allSatisfy(
            policy -> {
              assertThat(policy.json().length()).isLessThanOrEqualTo(AccessPolicy.LONGEST);
              assertThat(policy.json().replace(folder.path(), ""))
                  .doesNotContain("pgbackup/" + namespace + "/" + cluster);
            });
  }

  @Test
  void thatStoresWouldNotTakeIsRefused() {
    String long253 = "c".repeat(253);
    ClusterScope scope =
        new ClusterScope("backups", StoreFolder.of("pgbackup/" + long253 + "/" + long253));

    assertThatThrownBy(() -> AccessPolicy.of(Role.RESTORER, scope))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("stores accept 2048");
    assertThatThrownBy(() -> new AccessPolicy(" "))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("limits nothing");
  }
}
