package io.pgbackup.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `helm install` says at its end. That the command line takes it is seen to in its module.
class ChartNotesTest {
  @TempDir private Path folder;

  @BeforeAll
  static void requireHelm() {
    Helm.requireProgram();
  }

  private String notes(String... settings) throws IOException {
    return Helm.with(settings).notes(folder);
  }

  @Test
  void theWayBackIsInPlaceAndBackAgain() throws IOException {
    assertThat(notes("fullnameOverride=db"))
        .contains(
            "  pgbackup restore --statefulset db -n shop --timestamp 2026-01-02T03:04:05Z --in-place\n",
            "  pgbackup restore --statefulset db -n shop --timestamp 2026-01-02T03:04:05Z --in-place --plan\n",
            "  pgbackup undo --statefulset db -n shop\n",
            "  helm test -n shop orders\n",
            "kubectl -n shop exec db-0 -c pgbackup-agent -- pgbackup");
  }

  @Test
  void aCopyIsReadWhereTheStoreIs() throws IOException {
    assertThat(notes("cluster.name=there", "config.cluster.namespace=elsewhere"))
        .contains(
            "\n  pgbackup --store s3://backups restore --namespace elsewhere --cluster there \\\n");
  }

  @Test
  void aStoreThatIsNotAwsIsNamed() throws IOException {
    assertThat(
            notes(
                "config.storage.endpoint=https://minio.example:9000",
                "config.storage.region=here",
                "config.storage.pathStyle=false",
                "config.storage.caFile=/ca/own.crt",
                "config.storage.prefix=backups/$(CLUSTER)/$(UID)"))
        .contains(
            """
              AWS_ENDPOINT_URL_S3=https://minio.example:9000 AWS_REGION=here AWS_S3_FORCE_PATH_STYLE=false \
            AWS_CA_BUNDLE="$PWD/own.crt" PGBACKUP_STORAGE_PREFIX='backups/$(CLUSTER)/$(UID)' \
            pgbackup --store s3://backups restore""");
  }

  @Test
  void theAddressOfR2IsMadeOfItsAccount() throws IOException {
    assertThat(
            notes(
                "config.storage.cloudflareAccountId=0123456789abcdef0123456789abcdef",
                "config.storage.jurisdiction=eu"))
        .contains(
            "\n  AWS_ENDPOINT_URL_S3=https://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com pgbackup --store");
  }

  @Test
  void aStandbyOfAnArchiveIsNotRestored() throws IOException {
    assertThat(notes("standby=true", "bootstrap.cluster=orders", "postgres.superuser=root"))
        .contains("psql -U root -d postgres -c")
        .doesNotContain("restore");
  }
}
