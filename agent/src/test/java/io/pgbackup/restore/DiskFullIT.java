package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A disk that is really full: a file system in memory, which only root can make.
@Tag("matrix")
class DiskFullIT {
  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws Exception {
    disk = Files.createDirectory(folder.resolve("disk"));
    mounted = run("mount", "-t", "tmpfs", "-o", "size=256m,mode=755", "tmpfs", disk.toString());
    assumeTrue(mounted, "a file system of its own cannot be mounted here");
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      assertThat(run("umount", disk.toString())).isTrue();
    }
  }

  private static boolean run(String... command) throws Exception {
    return new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor()
        == 0;
  }

  private Path fill() {
    Path filler = disk.resolve("filler");
    byte[] block = new byte[1 << 16];
    try (OutputStream out = Files.newOutputStream(filler)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      return filler;
    }
  }

  @Test
  void anArchiveOnAFullDiskTakesNothingAndLosesNothing() throws Exception {
    Path bucket = Files.createDirectory(disk.resolve("bucket"));
    try (ObjectStore store = FileObjectStore.open(bucket);
        ProtectedServer server = new ProtectedServer(PostgresRelease.NEWEST, store, folder)) {
      server.backUp();
      server.archiveEverything();
      List<String> before = objects(store);
      Path filler = fill();
      server.postgres.sql("create table t as select generate_series(1, 100000) id");
      server.postgres.sql("select pg_switch_wal()");

      PgBackupException refused = catchThrowableOfType(PgBackupException.class, server::backUp);

      assertThat(refused.problem().message()).containsIgnoringCase("no space left");
      assertThat(objects(store)).containsAll(before);
      assertThat(server.catalog(server.uid()).backups()).hasSize(1);
      Files.delete(filler);
      server.backUp();
      server.archiveEverything();
      assertThat(server.catalog(server.uid()).gaps()).isEmpty();
      assertThat(restored(server)).containsExactly("100000");
    }
  }

  @Test
  void aRestoreOntoADiskThatFillsUpSaysSoAndGoesOnOnceThereIsRoom() throws Exception {
    try (ObjectStore store = FileObjectStore.open(Files.createDirectory(folder.resolve("bucket")));
        ProtectedServer server = new ProtectedServer(PostgresRelease.NEWEST, store, folder)) {
      server.postgres.sql("create table t as select generate_series(1, 100000) id");
      server.backUp();
      server.archiveEverything();
      RestorePlan plan = server.plan(server.uid(), new RecoveryTarget.Latest());
      RestoreDestination.NewDirectory target =
          new RestoreDestination.NewDirectory(disk.resolve("data"), Optional.empty());

      PgBackupException failed =
          catchThrowableOfType(
              PgBackupException.class,
              () ->
                  server
                      .bench()
                      .runner()
                      .run(
                          plan,
                          target,
                          new RestoreListener() {
                            @Override
                            public void begun(RestoreStep step) {
                              if (step == RestoreStep.FETCH) {
                                fill();
                              }
                            }
                          }));

      assertThat(failed.problem().message()).containsIgnoringCase("no space left");
      assertThat(disk.resolve("data")).doesNotExist();
      Files.delete(disk.resolve("filler"));
      server.bench().runner().run(plan, target, RestoreListener.SILENT);
      assertThat(rows(disk.resolve("data"))).containsExactly("100000");
    }
  }

  private static List<String> objects(ObjectStore store) {
    try (Stream<StoredObject> objects = store.list("")) {
      return objects
          .map(object -> object.key() + " " + object.version())
          .filter(object -> !object.contains("/leases/"))
          .toList();
    }
  }

  private List<String> restored(ProtectedServer server) {
    Path target = folder.resolve("restored");
    server
        .bench()
        .runner()
        .run(
            server.plan(server.uid(), new RecoveryTarget.Latest()),
            new RestoreDestination.NewDirectory(target, Optional.empty()),
            RestoreListener.SILENT);
    return rows(target);
  }

  private static List<String> rows(Path target) {
    try (TestPostgres server =
        TestPostgres.over(PostgresRelease.NEWEST, target, Map.of("archive_mode", "off"))) {
      return server.start().sql("select count(*) from t");
    }
  }
}
