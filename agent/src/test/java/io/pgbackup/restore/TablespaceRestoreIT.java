package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgbackup.engine.embedded.EmbeddedBackupFetcher;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A server with a tablespace runs on while it is restored beside itself.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TablespaceRestoreIT {
  private static final PostgresRelease RELEASE = PostgresRelease.NEWEST;
  private static final String CONTENT =
      "select count(*) || ':' || md5(string_agg(id || word, ',' order by id)) from words";

  @TempDir(factory = EnterableTempDir.class)
  private static Path folder;

  private FileObjectStore store;
  private ProtectedServer server;
  private String oid;
  private Path fast;
  private Path later;
  private Instant afterBackup;
  private String contentAfterBackup;
  private Instant afterSecond;

  @BeforeAll
  void live() throws IOException {
    store = FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
    server = new ProtectedServer(RELEASE, store, folder);
    fast = owned(folder.resolve("fast"));
    later = owned(folder.resolve("later"));
    server.postgres.sql("create tablespace fast location '%s'".formatted(fast));
    server.postgres.sql(
        """
        create table words (id bigserial primary key, word text) tablespace fast;
        insert into words (word) select md5(i::text) from generate_series(1, 5000) i""");
    server.backUp();
    server.postgres.sql("insert into words (word) values ('after the backup')");
    oid = server.postgres.value("select oid from pg_tablespace where spcname = 'fast'");
    contentAfterBackup = server.postgres.value(CONTENT);
    afterBackup = server.now();
    server.postgres.sql("insert into words (word) values ('later')");
    server.postgres.sql("create tablespace later location '%s'".formatted(later));
    server.postgres.sql("create table more tablespace later as select 1 as id");
    afterSecond = server.now();
    server.postgres.sql("insert into words (word) values ('last')");
    server.archiveEverything();
  }

  @AfterAll
  void close() {
    server.close();
    store.close();
  }

  private Path owned(Path directory) throws IOException {
    Files.createDirectory(directory);
    server.postgres.user().own(directory);
    return directory;
  }

  @Test
  void aTablespaceGoesWhereItIsSaidByItsName() throws IOException {
    Path data = folder.resolve("copy");
    Path place = folder.resolve("copy.tablespaces/fast");
    List<String> before = filesOf(fast);

    run(afterBackup, data, new TablespaceMapping("fast", place));

    assertThat(Files.readSymbolicLink(data.resolve("pg_tblspc").resolve(oid))).isEqualTo(place);
    assertThat(data.resolve("tablespace_map")).doesNotExist();
    assertThat(data.resolve("pg_tblspc").resolve(oid)).isDirectory();
    try (TestPostgres copy = TestPostgres.over(RELEASE, data, Map.of())) {
      copy.start();
      assertThat(copy.value(CONTENT)).isEqualTo(contentAfterBackup);
      assertThat(
              copy.value(
                  "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'fast'"))
          .isEqualTo(place.toString());
      copy.sql("insert into words (word) values ('only in the copy'); checkpoint");
    }
    assertThat(filesOf(fast)).as("the source's files").isEqualTo(before);
    assertThat(server.postgres.value("select count(*) from words where word like 'only%'"))
        .isEqualTo("0");
  }

  @Test
  void withoutAPlaceItIsRefusedWithTheOptionToCopy() {
    Path data = folder.resolve("nowhere");

    Problem problem = refusal(() -> run(afterBackup, data));

    assertThat(problem).isInstanceOf(Problem.Refused.class);
    assertThat(problem.message()).contains("%s (fast, was %s)".formatted(oid, fast));
    assertThat(problem.hint().orElseThrow())
        .contains("--tablespace %s=%s.tablespaces/%s".formatted(oid, data, oid));
    assertThat(data).doesNotExist();
  }

  @Test
  void aPlaceWhereSomethingLiesIsLeftAlone() {
    Problem problem =
        refusal(
            () ->
                run(
                    afterBackup,
                    folder.resolve("never"),
                    new TablespaceMapping(fast.toString(), fast)));

    assertThat(problem.message()).contains(fast + " is not empty");
    assertThat(folder.resolve("never")).doesNotExist();
  }

  @Test
  void theFilesOfATablespaceThatIsMadeLaterAreLeftAlone() {
    Path data = folder.resolve("late");
    Path place = folder.resolve("late.fast");
    List<String> before = filesOf(later);

    Problem problem = refusal(() -> run(afterSecond, data, new TablespaceMapping(oid, place)));

    assertThat(problem).isInstanceOf(Problem.Refused.class);
    assertThat(problem.message())
        .contains("creation of tablespace", later.toString(), "files of another server");
    assertThat(filesOf(later)).isEqualTo(before);

    assertThat(place).as("the unfinished restore").isNotEmptyDirectory();
    RestoreResult earlier = run(afterBackup, data, new TablespaceMapping(oid, place));
    assertThat(earlier.dataDirectory()).isEqualTo(data);
    assertThat(data.resolve("pg_tblspc").resolve(oid)).isNotEmptyDirectory();
  }

  @Test
  void aPlaceThatAnotherServerTookMeanwhileIsLeftAlone() throws IOException {
    Path data = folder.resolve("given up");
    Path place = folder.resolve("given up.fast");
    refusal(() -> run(afterSecond, data, new TablespaceMapping(oid, place)));
    Trees.delete(place);
    Path other = Files.createDirectories(place.resolve("PG_18_202506291/5")).resolve("16400");
    Files.writeString(other, "of a live server");

    Problem resumed = refusal(() -> run(afterSecond, data, new TablespaceMapping(oid, place)));
    Problem elsewhere = refusal(() -> run(afterBackup, data, new TablespaceMapping(oid, place)));
    new RestoreBench(store, RELEASE).undo().undo(data);

    assertThat(resumed.message()).contains("no longer holds the tablespace");
    assertThat(elsewhere.message()).contains(place + " is not empty");
    assertThat(other).hasContent("of a live server");
    assertThat(data).doesNotExist();
  }

  @Test
  void undoEmptiesThePlacesOfAnUnfinishedRestore() {
    Path data = folder.resolve("undone");
    Path place = folder.resolve("undone.fast");
    refusal(() -> run(afterSecond, data, new TablespaceMapping(oid, place)));
    assertThat(place).isNotEmptyDirectory();

    new RestoreBench(store, RELEASE).undo().undo(data);

    assertThat(place).isEmptyDirectory();
    assertThat(data).doesNotExist();
  }

  private RestoreResult run(Instant instant, Path data, TablespaceMapping... mappings) {
    RestorePlan plan = server.plan(server.uid(), instant);
    Map<String, String> names =
        new EmbeddedBackupFetcher(store, server.layout(server.uid()), 1)
            .tablespaceNames(plan.backup().name());
    return server
        .bench()
        .runner()
        .run(
            plan,
            new RestoreDestination.NewDirectory(data, Optional.empty())
                .with(new TablespaceTargets(plan, names).resolve(List.of(mappings), data)),
            RestoreListener.SILENT);
  }

  private static Problem refusal(Runnable restore) {
    return catchThrowableOfType(PgBackupException.class, restore::run).problem();
  }

  private static List<String> filesOf(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files
          .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .map(file -> directory.relativize(file).toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
