package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.embedded.EmbeddedBackupFetcher;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.engine.walg.WalgRun.Patience;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.SessionCredentials;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestAuthority;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.ListObjectVersionsResponse;

/// A real wal-g at a real S3 server, as a user's store may be set up.
class WalgS3IT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final BackupDeadlines PATIENT = new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE);
  private static final BackupName ONE = new BackupName("base_000000010000000000000002");
  private static final BackupName TWO = new BackupName("base_000000010000000000000004");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path binary = Path.of("");

  @BeforeEach
  void findWalg() {
    binary = RealWalg.binary();
  }

  @Test
  void behindTlsOfAnAuthorityOfOurOwnWithASessionThatMayNotDelete() throws Exception {
    TestAuthority authority = TestAuthority.in(Files.createDirectory(folder.resolve("ca")));
    try (S3Server server = S3Server.secured(authority.serverFiles("ip:127.0.0.1"))) {
      String bucket = server.newBucket();
      StorageConfig storage =
          TestAuthority.trusting(server.storageConfig(bucket), authority.certificateFile());
      StorageConfig session =
          SessionCredentials.limit(
              server,
              storage,
              SessionPolicy.in(bucket, "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
              Files.createDirectory(folder.resolve("session")));
      try (TestArchive archive = TestArchive.s3(session)) {
        assertThat(((CredentialFiles) session.credentials().orElseThrow()).sessionTokenFile())
            .isPresent();
        eachEngineRestoresWhatTheOtherTook(server, bucket, archive);
      }
    }
  }

  private void eachEngineRestoresWhatTheOtherTook(
      S3Server server, String bucket, TestArchive archive) throws Exception {
    String expected;
    BackupName byWalg;
    BackupName byUs;
    WalEngine embedded =
        new EmbeddedWalEngine(archive.store(), archive.layout(), Codec.LZ4, Optional.empty());
    Path wal = Files.createDirectory(folder.resolve("wal"));
    Path restoredByUs = folder.resolve("by-us");
    Path restoredByWalg = Files.createDirectory(folder.resolve("by-walg"));
    try (Walg daemons = Walg.open(archive.config(""), binary);
        WalgWalEngine carrier =
            daemons.wal(
                archive.store(),
                archive.layout(),
                Packing.plain(Codec.LZ4),
                embedded,
                Clock.systemUTC());
        ArchivePump pump = new ArchivePump(folder.resolve("spool"), carrier);
        TestPostgres postgres =
            TestPostgres.builder(PostgresRelease.NEWEST)
                .setting("archive_mode", "on")
                .setting("archive_command", pump.archiveCommand())
                .create(folder.resolve("data"));
        Walg walg = Walg.open(WalgConfigs.of(archive, postgres.configOverSocket()), binary)) {
      postgres.start();
      // what does not compress, so that one part takes several parts of an upload
      postgres.sql(
          "create table noise as select i, string_agg(md5(i::text || j), '') word"
              + " from generate_series(1, 30000) i, generate_series(1, 30) j group by i");
      byWalg = pushByWalg(walg, archive, postgres);
      postgres.sql("insert into noise values (0, 'between')");
      byUs = pushByUs(archive, postgres);
      expected = content(postgres);
      String last = postgres.value("select pg_walfile_name(pg_switch_wal())");
      await().atMost(PATIENCE).until(() -> embedded.fetch(WalFileName.parse(last)).isPresent());

      assertUploadedInParts(server, bucket, archive.layout(), byWalg);
      assertUploadedInParts(server, bucket, archive.layout(), byUs);
      var _ =
          new EmbeddedBackupFetcher(archive.store(), archive.layout(), 1)
              .fetch(byWalg, new FetchTarget(restoredByUs, _ -> {}), _ -> {});
      walg.fetch(archive.layout(), byUs, restoredByWalg, Optional.empty(), _ -> {});
      fetchWal(archive, carrier, wal);
    }

    assertThat(recovered(restoredByUs, wal)).isEqualTo(expected);
    assertThat(recovered(restoredByWalg, wal)).isEqualTo(expected);
  }

  @Test
  void inABucketWithVersionsADeletionOfOursHidesWhereWalgsOwnDestroys() throws Exception {
    S3Server server = S3Server.shared();
    String bucket = server.newBucket();
    try (S3Client client = server.client();
        TestArchive archive = TestArchive.s3(server.storageConfig(bucket));
        Walg walg = Walg.open(archive.config(""), binary)) {
      client.putBucketVersioning(
          request ->
              request
                  .bucket(bucket)
                  .versioningConfiguration(
                      versioning -> versioning.status(BucketVersioningStatus.ENABLED)));
      put(archive, ONE);
      put(archive, TWO);

      walg.archive(archive.store(), archive.layout()).delete(ONE);

      assertThat(archive.store().head(archive.layout().sentinel(ONE))).isEmpty();
      ListObjectVersionsResponse hidden = versions(client, bucket, archive.layout().sentinel(ONE));
      assertThat(hidden.versions()).hasSize(1);
      assertThat(hidden.deleteMarkers()).hasSize(1);

      Map<String, String> asking = new HashMap<>(walg.environment().reading(archive.layout()));
      assertThat(asking.remove("S3_ENABLE_VERSIONING")).isEqualTo("disabled");
      var _ =
          WalgRun.succeed(
              walg.command(List.of("delete", "target", TWO.value(), "--confirm"), asking),
              Patience.of(PATIENCE),
              walg.children(),
              _ -> {});

      ListObjectVersionsResponse gone = versions(client, bucket, archive.layout().sentinel(TWO));
      assertThat(gone.versions()).isEmpty();
      assertThat(gone.deleteMarkers()).isEmpty();
    }
  }

  private static void put(TestArchive archive, BackupName name) {
    byte[] document = "{}".getBytes(UTF_8);
    for (ObjectKey key :
        List.of(
            archive.layout().tarPartitions(name).key("part_001.tar.lz4"),
            archive.layout().metadata(name),
            archive.layout().sentinel(name))) {
      archive.store().create(key, document, Map.of());
    }
  }

  private static ListObjectVersionsResponse versions(
      S3Client client, String bucket, ObjectKey key) {
    return client.listObjectVersions(list -> list.bucket(bucket).prefix(key.value()));
  }

  private static BackupName pushByWalg(Walg walg, TestArchive archive, TestPostgres postgres) {
    return walg.backups(
            archive.store(),
            archive.layout(),
            postgres.configOverSocket(),
            new WalgBackupEngine.Settings(
                Packing.plain(Codec.LZ4), 0, DeltaRules.NEVER, Optional.empty(), PATIENT),
            Clock.systemUTC())
        .push(BackupRequest.FULL, new QuietListener())
        .name();
  }

  private static BackupName pushByUs(TestArchive archive, TestPostgres postgres) {
    TakenBackup taken =
        new EmbeddedBackupEngine(
                archive.store(),
                archive.layout(),
                postgres.configOverSocket(),
                new EmbeddedBackupEngine.Settings(Codec.LZ4, 1, "db-1", 1 << 30, PATIENT),
                Clock.systemUTC())
            .push(BackupRequest.FULL, new QuietListener());
    return taken.name();
  }

  /// Such an object's tag ends with their number.
  private static void assertUploadedInParts(
      S3Server server, String bucket, ArchiveLayout layout, BackupName name) {
    try (S3Client client = server.client()) {
      assertThat(
              client
                  .listObjectsV2(
                      list -> list.bucket(bucket).prefix(layout.tarPartitions(name).path()))
                  .contents())
          .anySatisfy(
              part -> {
                assertThat(part.size()).isGreaterThan(20 << 20);
                assertThat(part.eTag()).matches("\"?[0-9a-f]{32}-[1-9][0-9]*\"?");
              });
    }
  }

  private static void fetchWal(TestArchive archive, WalEngine engine, Path directory)
      throws IOException {
    try (Stream<StoredObject> objects = archive.store().list(archive.layout().wal().path())) {
      for (StoredObject object : objects.toList()) {
        String name = object.key().name().replaceFirst("\\.lz4$", "");
        Files.write(directory.resolve(name), engine.fetch(WalFileName.parse(name)).orElseThrow());
      }
    }
  }

  private static String content(TestPostgres postgres) {
    return postgres.value("select count(*) || ' ' || sum(hashtext(word)::bigint) from noise");
  }

  private static String recovered(Path directory, Path wal) throws IOException {
    Files.createFile(directory.resolve("recovery.signal"));
    ServerUser.forNewDirectory().ownTree(directory);
    try (TestPostgres server =
        TestPostgres.over(
            PostgresRelease.NEWEST,
            directory,
            Map.of("restore_command", "cp '" + wal + "/%f' \"%p\"", "archive_mode", "off"))) {
      server.start();
      await().atMost(PATIENCE).until(() -> server.value("select pg_is_in_recovery()"), "f"::equals);
      return content(server);
    }
  }
}
