package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
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
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.restore.Passwords;
import io.pgbackup.restore.ProtectedServer;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreBench;
import io.pgbackup.restore.RestoreDestination;
import io.pgbackup.restore.RestoreListener;
import io.pgbackup.restore.RestorePlan;
import io.pgbackup.restore.RestorePlanner;
import io.pgbackup.restore.RestoreStep;
import io.pgbackup.restore.Standby;
import io.pgbackup.secret.SecretFile;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// `pgbackup bootstrap` over an archive that real WAL-G wrote.
class FillVerbIT {
  private static final ClusterId CLUSTER = new ClusterId("default", "orders");

  private static final String ARCHIVE = "pgbackup/default/orders/g/15";
  private static final String ROWS = "select count(*) || ':' || sum(id) from account";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path data;
  private Path config;

  @BeforeEach
  void fillTheStore() throws IOException {
    GoldenArchive.copyInto(folder.resolve("store").resolve(ARCHIVE));
    Path volume = Files.createDirectory(folder.resolve("volume"));
    Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxr-xr-x"));
    data = volume.resolve("data");
    config = configOf("orders");
  }

  private Path configOf(String cluster) throws IOException {
    return Files.writeString(
        folder.resolve(cluster + ".yaml"),
        """
        cluster: { name: %s }
        storage: { url: 'file://%s' }
        postgres: { dataDirectory: '%s' }
        """
            .formatted(cluster, folder.resolve("store"), data));
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
      assertThat(server.value(ROWS)).isEqualTo(rowsAtTheEnd());
    }
  }

  @Test
  void aRoleThatIsMissingIsNamedAndWithoutItTheRestoreGoesOn() {
    Path own = PrivateFile.write(folder.resolve("password"), "hunter2");
    Path name = PrivateFile.write(folder.resolve("username"), "newcomer\n");
    String superuser = "pgx=" + own;

    Run refused =
        bootstrap("--password", superuser, "--role-files", name + "=" + own, "--superuser", "pgx");

    assertThat(refused.status()).as(refused.err()).isEqualTo(4);
    assertThat(refused.err())
        .contains("there is no role newcomer in the restored data", "HINT: ")
        .doesNotContain("hunter2");
    assertThat(data).doesNotExist();

    Run filled = bootstrap("--password", superuser, "--superuser", "pgx");
    assertThat(filled.status()).as(filled.err()).isZero();
    assertThat(filled.err())
        .contains("going on with the restore", "role pgx has its password of today");
  }

  /// One server, first a standby of the archive, which it only reads, then a primary of its own.
  @Test
  void followsTheArchiveUntilItIsPromoted() throws IOException {
    claimArchive();
    Path wal = unpackedWal();
    List<String> before = files(folder.resolve("store"));

    Run filled = bootstrap("--standby");

    assertThat(filled.status()).as(filled.err()).isZero();
    assertThat(filled.err()).contains(data + " follows default/orders, lineage g");
    Identity followed = IdentityFile.beside(data).read().orElseThrow();
    assertThat(followed.uid().value()).isEqualTo("g");
    assertThat(followed.parent()).isEmpty();
    try (TestPostgres server =
        TestPostgres.over(
            PostgresRelease.OLDER,
            data,
            Map.of("restore_command", "cp %s/%%f %%p".formatted(wal)))) {
      server.as("pgx").start();
      assertThat(server.value("select pg_is_in_recovery()")).isEqualTo("t");
      await().atMost(Duration.ofMinutes(1)).until(() -> server.value(ROWS), rowsAtTheEnd()::equals);
    }
    Run again = bootstrap("--standby");
    assertThat(again.status()).as(again.err()).isZero();
    assertThat(again.err()).contains(data + " follows lineage g");
    assertThat(bootstrap("--standby", "--uid", "other").status()).isEqualTo(4);
    assertThat(files(folder.resolve("store"))).as("nothing is written").isEqualTo(before);

    config = configOf("copy");
    Run promoted = bootstrap("--cluster", "orders");

    assertThat(promoted.status()).as(promoted.err()).isZero();
    assertThat(promoted.err()).doesNotContain("fetch the base backup");
    Identity own = IdentityFile.beside(data).read().orElseThrow();
    assertThat(own.cluster()).isEqualTo(new ClusterId("default", "copy"));
    assertThat(own.parent().orElseThrow().uid()).isEqualTo(followed.uid());
    assertThat(bootstrap("--cluster", "orders").err()).contains("nothing to do");
    Run back = bootstrap("--cluster", "orders", "--standby");
    assertThat(back.status()).isEqualTo(4);
    assertThat(back.err()).contains("holds a server's data that follow no archive");
    try (TestPostgres server = TestPostgres.over(PostgresRelease.OLDER, data, Map.of())) {
      server.as("pgx").start();
      assertThat(server.value("select pg_is_in_recovery()")).isEqualTo("f");
      assertThat(server.value(ROWS)).isEqualTo(rowsAtTheEnd());
    }
  }

  /// Where a kill leaves a promotion: before and after each of its renames and writes.
  enum CutOff {
    JOURNAL_BEGUN,
    BEFORE_IT_IS_TAKEN_BACK,
    TAKEN_BACK,
    SIGNAL_REMOVED,
    RECOVERED,
    BEFORE_IT_IS_IN_PLACE,
    IN_PLACE,
    IDENTITY_WRITTEN
  }

  /// Whatever was cut off, the same command ends it, though the cluster that was followed has
  /// another lineage by now, and though a promotion of another volume went on from this one before.
  @ParameterizedTest
  @EnumSource
  void aPromotionThatWasCutOffGoesOn(CutOff where) throws IOException {
    claimArchive();
    assertThat(bootstrap("--standby").status()).isZero();
    Identity followed = IdentityFile.beside(data).read().orElseThrow();
    GoldenArchive.copyInto(folder.resolve("store/pgbackup/default/orders/newer/15"));
    claim("copy", "earlier");
    config = configOf("copy");
    leave(where, followed);

    assertThat(bootstrap("--cluster", "orders", "--standby").status())
        .as("no standby is made of what is half a primary")
        .isEqualTo(Standby.isIn(data) ? 0 : 4);
    Run promoted = bootstrap("--cluster", "orders");

    assertThat(promoted.status()).as(promoted.err()).isZero();
    assertThat(promoted.err()).doesNotContain("fetch the base backup");
    Identity own = IdentityFile.beside(data).read().orElseThrow();
    assertThat(own.cluster()).isEqualTo(new ClusterId("default", "copy"));
    assertThat(own.parent().orElseThrow().uid()).isEqualTo(followed.uid());
    assertThat(own.uid()).isNotEqualTo(followed.uid());
    assertThat(data)
        .isDirectoryNotContaining("glob:**/*.signal")
        .isDirectoryContaining("glob:**/PG_VERSION");
    assertThat(data.getParent()).isDirectoryNotContaining("glob:**/data.pgbackup-restore*");
    Run again = bootstrap("--cluster", "orders");
    assertThat(again.err()).contains("nothing to do");
    assertThat(IdentityFile.beside(data).read()).contains(own);
    if (where == CutOff.BEFORE_IT_IS_TAKEN_BACK || where == CutOff.IDENTITY_WRITTEN) {
      try (TestPostgres server = TestPostgres.over(PostgresRelease.OLDER, data, Map.of())) {
        server.as("pgx").start();
        assertThat(server.value("select pg_is_in_recovery()")).isEqualTo("f");
        assertThat(server.value(ROWS)).isEqualTo(rowsAtTheEnd());
      }
    }
  }

  /// As the steps of a promotion would, up to there.
  private void leave(CutOff where, Identity followed) throws IOException {
    Path journal = data.resolveSibling("data.pgbackup-restore.json");
    Path staging = data.resolveSibling("data.pgbackup-restore").resolve("data");
    RestoreStep fatal =
        switch (where) {
          case JOURNAL_BEGUN, BEFORE_IT_IS_TAKEN_BACK, TAKEN_BACK -> RestoreStep.PREPARE;
          case SIGNAL_REMOVED -> RestoreStep.RECOVER;
          case RECOVERED -> RestoreStep.CONFIGURE;
          case BEFORE_IT_IS_IN_PLACE, IN_PLACE, IDENTITY_WRITTEN -> RestoreStep.PLACE;
        };
    promoteUntil(fatal, followed.uid());
    assertThat(staging).isDirectory();
    assertThat(data).doesNotExist();
    switch (where) {
      case JOURNAL_BEGUN -> {
        Files.move(staging, data);
        Files.writeString(journal, Files.readString(journal).replaceAll("\"FETCH\"", ""));
      }
      case BEFORE_IT_IS_TAKEN_BACK, IN_PLACE -> Files.move(staging, data);
      case IDENTITY_WRITTEN -> {
        Files.move(staging, data);
        IdentityFile.beside(data)
            .write(
                new Identity(
                    new ClusterId("default", "copy"),
                    newLineage(journal),
                    followed.systemIdentifier(),
                    Optional.of(
                        new Parent(followed.uid(), new Timeline(2), Lsn.parse("0/8000000")))));
      }
      case TAKEN_BACK, SIGNAL_REMOVED, RECOVERED, BEFORE_IT_IS_IN_PLACE -> {}
    }
  }

  private static LineageUid newLineage(Path journal) throws IOException {
    return new LineageUid(
        new JsonMapper().readTree(journal.toFile()).at("/newLineage/uid").asText());
  }

  /// In this process, which lives on; KilledPromotionIT ends one for good.
  private void promoteUntil(RestoreStep fatal, LineageUid followed) {
    try (FileObjectStore store = FileObjectStore.open(folder.resolve("store"))) {
      RestorePlan plan =
          ProtectedServer.catalogs(store).stream()
              .filter(catalog -> catalog.lineage().uid().equals(followed))
              .map(
                  catalog ->
                      new RestorePlanner(ZoneOffset.UTC)
                          .plan(
                              CLUSTER,
                              List.of(catalog),
                              Optional.of(followed),
                              new RecoveryTarget.Latest()))
              .findFirst()
              .orElseThrow();
      assertThatThrownBy(
              () ->
                  new RestoreBench(store, PostgresRelease.OLDER)
                      .runner()
                      .promote(
                          plan,
                          new RestoreDestination.NewDirectory(
                              data, Optional.of(new ClusterId("default", "copy"))),
                          Passwords.NONE,
                          new Fatal(fatal)))
          .isInstanceOf(Killed.class);
    }
  }

  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  private record Fatal(RestoreStep step) implements RestoreListener {
    @Override
    public void begun(RestoreStep now) {
      if (now == step) {
        throw new Killed();
      }
    }
  }

  /// Its folder would be claimed, by an agent that may only read.
  @Test
  void followsNoArchiveThatNobodyClaimed() {
    Run run = bootstrap("--standby");

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err()).contains("nobody claimed the archive");
    assertThat(data).doesNotExist();
  }

  /// The whole WAL of the archive, as a `restore_command` finds it without an agent.
  private Path unpackedWal() throws IOException {
    Path wal = Files.createDirectory(folder.resolve("wal"));
    Files.setPosixFilePermissions(wal, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (FileObjectStore store = FileObjectStore.open(folder.resolve("store"))) {
      WalEngine archive =
          new EmbeddedWalEngine(
              store, new ArchiveLayout(StoreFolder.of(ARCHIVE)), Codec.LZ4, Optional.empty());
      for (String file : files(folder.resolve("store").resolve(ARCHIVE).resolve("wal_005"))) {
        Optional<WalFileName> name = WalFileName.tryParse(file.replaceAll("\\.lz4$", ""));
        if (name.isPresent()) {
          Files.write(wal.resolve(name.get().text()), archive.fetch(name.get()).orElseThrow());
        }
      }
    }
    return wal;
  }

  private static List<String> files(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> root.relativize(file).toString())
          // which a restorer may leave
          .filter(file -> !file.contains("/leases/"))
          .sorted()
          .toList();
    }
  }

  private static String rowsAtTheEnd() {
    return GoldenArchive.LZ4_DELTA.instant("timeline-two").rows();
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

  private void claimArchive() {
    try (FileObjectStore store = FileObjectStore.open(folder.resolve("store"))) {
      new Claims(store)
          .create(
              StoreFolder.of(ARCHIVE),
              new Claim(
                  CLUSTER,
                  new LineageUid("g"),
                  SystemIdentifier.parse("7710442175026949048"),
                  new ServerVersion(150018),
                  WalSegmentSize.DEFAULT,
                  Optional.empty(),
                  Instant.EPOCH));
    }
  }

  private void claimChild() {
    claim("orders", "child");
  }

  private void claim(String cluster, String child) {
    try (FileObjectStore store = FileObjectStore.open(folder.resolve("store"))) {
      new Claims(store)
          .create(
              StoreFolder.of("pgbackup/default/%s/%s/15".formatted(cluster, child)),
              new Claim(
                  new ClusterId("default", cluster),
                  new LineageUid(child),
                  new SystemIdentifier(1),
                  new ServerVersion(150000),
                  WalSegmentSize.DEFAULT,
                  Optional.of(
                      new Parent(new LineageUid("g"), new Timeline(2), Lsn.parse("0/8000000"))),
                  Instant.EPOCH));
    }
  }
}
