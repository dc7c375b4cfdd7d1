package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.Parent;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.secret.SecretFile;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `pgbackup bootstrap` over an archive that real WAL-G wrote.
class FillVerbIT {
  private static final ClusterId CLUSTER = new ClusterId("default", "orders");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path data;
  private Path config;

  @BeforeEach
  void fillTheStore() throws IOException {
    GoldenArchive.copyInto(folder.resolve("store/pgbackup/default/orders/g/15"));
    Path volume = Files.createDirectory(folder.resolve("volume"));
    Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxr-xr-x"));
    data = volume.resolve("data");
    config =
        Files.writeString(
            folder.resolve("pgbackup.yaml"),
            """
            cluster: { name: orders }
            storage: { url: 'file://%s' }
            postgres: { dataDirectory: '%s' }
            """
                .formatted(folder.resolve("store"), data));
  }

  private Run bootstrap(String... more) {
    List<String> line =
        new ArrayList<>(
            List.of(
                "--config",
                config.toString(),
                "bootstrap",
                "--latest",
                "--pg-bin-dir",
                PostgresRelease.OLDER.installation().binDirectory().toString()));
    line.addAll(List.of(more));
    return Run.of(line.toArray(String[]::new));
  }

  @Test
  void fillsAnEmptyVolumeOnceForALineageOfItsOwn() throws IOException {
    Path password =
        SecretFile.create(folder.resolve("password"), "of today".getBytes(StandardCharsets.UTF_8));

    Run filled = bootstrap("--password", "pgx=" + password);

    assertThat(filled.status()).as(filled.err()).isZero();
    assertThat(filled.err()).contains("role pgx has its password of today, proved by a login");
    Identity identity = IdentityFile.beside(data).read().orElseThrow();
    assertThat(identity.cluster()).isEqualTo(CLUSTER);
    assertThat(identity.uid().value()).isNotEqualTo("g");
    assertThat(identity.parent().orElseThrow().uid().value()).isEqualTo("g");
    assertThat(folder.resolve("store/pgbackup/default/orders")).isDirectoryContaining("glob:**/g");

    // at the next start nothing is done, though the store is gone
    folder.resolve("store").toFile().renameTo(folder.resolve("away").toFile());
    Run again = bootstrap();
    assertThat(again.status()).as(again.err()).isZero();
    assertThat(again.err()).contains("nothing to do", identity.uid().value());

    try (TestPostgres server = TestPostgres.over(PostgresRelease.OLDER, data, Map.of())) {
      server.as("pgx").start();
      assertThat(server.value("select count(*) || ':' || sum(id) from account"))
          .isEqualTo(
              GoldenArchive.expected().stream()
                  .filter(each -> each.name().equals("timeline-two"))
                  .findFirst()
                  .orElseThrow()
                  .rows());
    }
  }

  @Test
  void leavesAloneWhatItDoesNotKnow() throws IOException {
    Files.createDirectory(data);
    Path unknown = Files.writeString(data.resolve("unknown"), "of somebody else");

    Run run = bootstrap();

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err()).contains(data.toString(), "unknown");
    assertThat(unknown).hasContent("of somebody else");
    assertThat(data.getParent()).isDirectoryNotContaining("glob:**/data.*");
  }

  @Test
  void doesNotTakeAClusterBackToADayThatItWentOnFrom() {
    Run first = bootstrap("--plan");
    assertThat(first.status()).as(first.err()).isZero();
    claimChild();

    Run second = bootstrap("--plan");

    assertThat(second.status()).isEqualTo(4);
    assertThat(second.err()).contains("went on from lineage g already, as child", "--uid");
    assertThat(bootstrap("--plan", "--again").status()).isZero();
    assertThat(bootstrap("--plan", "--uid", "g").status()).isEqualTo(4);
  }

  /// A directory knows no credentials: whoever reaches it may write all of it.
  @Test
  void refusesAnArchiveThatItCouldDestroyWhereThatIsAsked() {
    Run run = bootstrap("--plan", "--source-read-only");

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err()).contains("could destroy the backups of default/orders");
  }

  @Test
  void withAnotherCredentialForTheArchiveItStillSeesItsOwnLineages() {
    claimChild();

    Run run = bootstrap("--plan", "--source-credentials", folder.toString());

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err()).contains("went on from lineage g already, as child");
  }

  @Test
  void aPasswordIsNamedByARoleAndAFile() {
    Run run = bootstrap("--plan", "--password", "hunter2");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("--password", "ROLE=FILE").doesNotContain("hunter2");
  }

  private void claimChild() {
    try (FileObjectStore store = FileObjectStore.open(folder.resolve("store"))) {
      new Claims(store)
          .create(
              StoreFolder.of("pgbackup/default/orders/child/15"),
              new Claim(
                  CLUSTER,
                  new LineageUid("child"),
                  new SystemIdentifier(1),
                  new ServerVersion(150000),
                  WalSegmentSize.DEFAULT,
                  Optional.of(
                      new Parent(new LineageUid("g"), new Timeline(2), Lsn.parse("0/8000000"))),
                  Instant.EPOCH));
    }
  }
}
