package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.SyntheticWal;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What is refused is refused before anything is touched, with a remedy.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusedRestoreIT {
  private static final PostgresRelease RELEASE = PostgresRelease.NEWEST;

  @TempDir(factory = EnterableTempDir.class)
  static Path folder;

  private FileObjectStore store;
  private ProtectedServer server;
  private LineageUid uid;

  @BeforeAll
  void protect() throws IOException {
    store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
    server = new ProtectedServer(RELEASE, store, folder);
    uid = server.uid();
    server.postgres.sql("create table account as select 1 as id");
    server.backUp();
    server.archiveEverything();
  }

  @AfterAll
  void close() {
    server.close();
    store.close();
  }

  @Test
  void aRunningServerIsNotStoppedWithoutBeingTold() {
    Problem problem = refused(new RestoreDestination.InPlace(data(), false));

    assertThat(problem.message()).contains("server runs in " + data());
    assertThat(problem.hint().orElseThrow()).contains("--stop");
    assertThat(server.postgres.isRunning()).isTrue();
  }

  /// As in a container of its own: the number in the file is of a process that we do not see.
  @Test
  void aServerThatCannotBeSeenIsNotReplaced() throws IOException {
    Path file = data().resolve("postmaster.pid");
    String content = Files.readString(file);
    Files.writeString(file, content.replaceFirst("^\\d+", "4194399"));
    try {
      Problem problem = refused(new RestoreDestination.InPlace(data(), true));

      assertThat(problem.message()).contains("cannot be seen from here");
      assertThat(problem.hint().orElseThrow()).contains("container").contains("remove " + file);
    } finally {
      Files.writeString(file, content);
    }
  }

  @Test
  void aDirectoryThatIsNotEmptyIsLeftAlone() throws IOException {
    Path target = Files.createDirectory(folder.resolve("full"));
    Files.writeString(target.resolve("mine"), "x");

    assertThat(refused(directory(target)).message()).contains("is not empty");
    assertThat(target.resolve("mine")).hasContent("x");
  }

  @Test
  void aDirectoryInsideADataDirectoryIsRefused() {
    assertThat(refused(directory(data().resolve("copy"))).message())
        .contains("inside the data directory " + data());
  }

  @Test
  void anIdentityOfAnEarlierDirectoryIsNotInherited() throws IOException {
    Files.writeString(folder.resolve("reborn.pgbackup.json"), "{}");

    assertThat(refused(directory(folder.resolve("reborn"))).message())
        .contains("reborn.pgbackup.json names the lineage of an earlier data directory");
  }

  @Test
  void aFolderThatTheServersUserCannotEnterIsRefused() throws IOException {
    assumeTrue(ServerUser.weAreRoot(), "as root the server runs as another user");
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));

    Problem problem = refused(directory(closed.resolve("copy")));

    assertThat(problem.message()).contains("cannot enter " + closed);
    assertThat(problem.hint().orElseThrow()).contains("chmod o+x");
  }

  @Test
  void aFolderThatDoesNotExistIsRefused() {
    assertThat(refused(directory(folder.resolve("no/such/copy"))).message())
        .isEqualTo("there is no folder " + folder.resolve("no/such"));
  }

  @Test
  void anotherClustersDataAreNotReplaced() {
    try (TestPostgres other = TestPostgres.builder(RELEASE).create(folder.resolve("other"))) {
      assertThat(refused(new RestoreDestination.InPlace(other.dataDirectory(), true)).message())
          .contains("another cluster");
    }
  }

  @Test
  void aStandbyIsNotReplaced() throws IOException {
    Path signal = Files.createFile(data().resolve("standby.signal"));
    try {
      assertThat(refused(new RestoreDestination.InPlace(data(), true)).message())
          .contains("belongs to a standby");
    } finally {
      Files.delete(signal);
    }
  }

  @Test
  void whatIsNoDataDirectoryIsNotReplaced() {
    Path directory = folder.resolve("store");

    Problem problem = refused(new RestoreDestination.InPlace(directory, true));

    assertThat(problem.hint().orElseThrow())
        .contains("mv " + directory + " ")
        .contains("--target-dir " + directory);
  }

  @Test
  void aDamagedDataDirectoryIsReplacedOnlyWhereItsIdentityNamesTheCluster() throws IOException {
    Path damaged = folder.resolve("damaged");
    Files.writeString(Files.createDirectories(damaged.resolve("global")).resolve("pg_control"), "");
    Files.writeString(damaged.resolve("PG_VERSION"), "18");
    server.postgres.user().own(damaged);
    RestoreDestination destination = new RestoreDestination.InPlace(damaged, true);

    Problem problem = refused(destination);
    assertThat(problem.message()).contains("has a damaged pg_control");
    assertThat(problem.hint().orElseThrow()).contains("--target-dir " + damaged);

    IdentityFile.beside(damaged).write(server.identity());
    server.bench().runner().check(plan(), destination);
    Files.delete(damaged.resolve("PG_VERSION"));
    server.bench().runner().check(plan(), destination);

    Identity ours = server.identity();
    IdentityFile.beside(damaged)
        .write(new Identity(ours.cluster(), ours.uid(), SyntheticWal.SYSTEM, Optional.empty()));
    assertThat(refused(destination).message()).contains("is no data directory");
  }

  @Test
  void whoMayNotWriteTheNewLineageLearnsItBeforeAnythingIsFetched() {
    RestoreServices services = server.bench().services();
    RestoreServices readOnly =
        new RestoreServices(
            services.engines(),
            new Claims(new ReadOnlyStore()),
            services.leases(),
            services.template(),
            services.process(),
            services.binDirectory(),
            services.clock());

    PgBackupException failure =
        catchThrowableOfType(
            PgBackupException.class,
            () ->
                new RestoreRunner(readOnly)
                    .run(
                        plan(),
                        new RestoreDestination.InPlace(data(), true),
                        RestoreListener.SILENT));

    assertThat(failure.problem()).isInstanceOf(Problem.StorageFailed.class);
    assertThat(RestorePaths.of(data()).staging()).doesNotExist();
    assertThat(server.postgres.isRunning()).isTrue();
    server.bench().undo().undo(data());
  }

  private static final class ReadOnlyStore extends MemoryObjectStore {
    @Override
    public synchronized CreateOutcome create(
        ObjectKey key, byte[] content, Map<String, String> metadata) {
      throw Problem.storageFailed("403", "Allow it.").asException();
    }
  }

  @Test
  void anotherMajorVersionIsRefused() {
    RestoreServices services = server.bench().services();
    RestoreServices otherVersion =
        new RestoreServices(
            services.engines(),
            services.claims(),
            services.leases(),
            services.template(),
            services.process(),
            Optional.of(PostgresRelease.OLDER.installation().binDirectory()),
            services.clock());

    PgBackupException refusal =
        catchThrowableOfType(
            PgBackupException.class,
            () -> new RestoreRunner(otherVersion).check(plan(), directory(folder.resolve("copy"))));

    assertThat(refusal.problem()).isInstanceOf(Problem.Misconfigured.class);
    assertThat(refusal).hasMessageContaining("PostgreSQL 15").hasMessageContaining("18 is needed");
  }

  @Test
  void nothingToUndoIsSaid() {
    PgBackupException refusal =
        catchThrowableOfType(PgBackupException.class, () -> server.bench().undo().undo(data()));

    assertThat(refusal.problem()).isInstanceOf(Problem.NotFound.class);
  }

  private Problem refused(RestoreDestination destination) {
    List<String> before = beside();
    PgBackupException refusal =
        catchThrowableOfType(
            PgBackupException.class,
            () -> server.bench().runner().run(plan(), destination, RestoreListener.SILENT));
    assertThat(refusal.problem()).isInstanceOf(Problem.Refused.class);
    assertThat(beside()).isEqualTo(before);
    return refusal.problem();
  }

  private RestorePlan plan() {
    return server.plan(uid, new RecoveryTarget.Latest());
  }

  private Path data() {
    return server.postgres.dataDirectory();
  }

  private static RestoreDestination directory(Path target) {
    return new RestoreDestination.NewDirectory(target, Optional.empty());
  }

  private static List<String> beside() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
