package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.embedded.EmbeddedBackupFetcher;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.embedded.StockWalg;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// What a stock wal-g takes of a server with a tablespace becomes the same rows again.
class WalgRestoreIT {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String CONTENT =
      """
      select (select count(*) || ':' || md5(string_agg(id || word, ',' order by id)) from kept)
        || (select '|' || count(*) || ':' || coalesce(sum(id), 0) from emptied)
        || (select '|' || count(*) || ':' || md5(string_agg(id || word, ',' order by id)) from packed)
        || (select '|' || count(*) || ':' || md5(string_agg(id || word, ',' order by id)) from fast)
        || (select '|' || string_agg(relname, ',' order by relname) from pg_class
             where relname like 'new%')""";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private FileObjectStore store;
  private StockWalg walg;
  private Path fast;

  /// An instant, and what the tables held then.
  private record Moment(Instant instant, String content) {}

  @BeforeEach
  void openTheArchive() throws IOException {
    fast = folder.resolve("fast");
    walg = StockWalg.over(Files.createDirectories(folder.resolve("store/w")));
    store = FileObjectStore.open(folder.resolve("store"));
  }

  @AfterEach
  void closeTheArchive() {
    if (store != null) {
      store.close();
    }
  }

  @EachRelease
  void aChainOfThreeDeltasIsRestoredFromEachOfItsLinks(PostgresRelease release) throws Exception {
    List<Moment> moments = new ArrayList<>();
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(release, pump)) {
      begin(postgres);
      push(postgres);
      moments.add(moment(postgres));
      postgres.sql(
          "update kept set word = 'changed' where id % 50 = 0; drop table dropped;"
              + " truncate emptied; create table new1 as select 1 as id");
      push(postgres);
      moments.add(moment(postgres));
      postgres.sql("vacuum full packed");
      postgres.sql(
          "insert into fast (word) select 'second' from generate_series(1, 500);"
              + " insert into emptied values (7); create table new2 as select 1 as id");
      push(postgres);
      moments.add(moment(postgres));
      postgres.sql("delete from kept where id > 1000");
      postgres.sql("vacuum kept");
      push(postgres);
      moments.add(moment(postgres));
      postgres.sql("insert into kept (word) values ('last')");
      archiveEverything(postgres);
    }

    assertThat(backups())
        .extracting(backup -> backup.delta().isPresent())
        .containsExactly(false, true, true, true);
    for (int link = 0; link < moments.size(); link++) {
      RestorePlan plan = plan(new RecoveryTarget.AtTime(moments.get(link).instant()));
      assertThat(plan.chain()).hasSize(link + 1);
      assertThat(restored(release, plan, "link-" + link)).isEqualTo(moments.get(link).content());
    }
  }

  @EachRelease
  void aStreamedBackupIsRestored(PostgresRelease release) throws Exception {
    String expected;
    try (ArchivePump pump = pump();
        TestPostgres postgres = server(release, pump)) {
      begin(postgres);
      connecting(postgres).run("backup-push").succeeded();
      postgres.sql("insert into kept (word) values ('after the backup')");
      expected = moment(postgres).content();
      archiveEverything(postgres);
    }

    assertThat(restored(release, plan(new RecoveryTarget.Latest()), "streamed"))
        .isEqualTo(expected);
  }

  private void begin(TestPostgres postgres) throws IOException {
    Files.createDirectory(fast);
    postgres.user().own(fast);
    postgres.sql("create tablespace quick location '%s'".formatted(fast));
    postgres.sql("alter tablespace quick rename to fast");
    for (String table : List.of("kept", "packed", "dropped", "fast")) {
      postgres.sql(
          """
          create table %1$s (id bigserial primary key, word text) %2$s;
          insert into %1$s (word) select md5(i::text) from generate_series(1, 5000) i"""
              .formatted(table, table.equals("fast") ? "tablespace fast" : ""));
    }
    postgres.sql("create table emptied as select i as id from generate_series(1, 1000) i");
    postgres.sql("create table new0 ()");
    postgres.sql("delete from packed where id % 3 = 0; checkpoint");
  }

  private void push(TestPostgres postgres) throws Exception {
    connecting(postgres)
        .with("WALG_DELTA_MAX_STEPS", "5")
        .run("backup-push", postgres.dataDirectory().toString())
        .succeeded();
  }

  private StockWalg connecting(TestPostgres postgres) {
    return walg.writing(Codec.LZ4)
        .with("PGHOST", "127.0.0.1")
        .with("PGPORT", Integer.toString(postgres.port()))
        .with("PGUSER", "postgres")
        .with("PGDATABASE", "postgres");
  }

  private static Moment moment(TestPostgres postgres) {
    String content = postgres.value(CONTENT);
    return new Moment(
        Instant.parse(
            postgres.value(
                "select to_char(clock_timestamp() at time zone 'UTC',"
                    + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")),
        content);
  }

  private String restored(PostgresRelease release, RestorePlan plan, String name)
      throws IOException {
    Path home = Files.createDirectory(folder.resolve(name));
    Path data = home.resolve("data");
    new RestoreBench(store, release)
        .runner()
        .run(
            plan,
            new RestoreDestination.NewDirectory(data, Optional.empty())
                .with(
                    new TablespaceTargets(plan, names(plan))
                        .resolve(
                            List.of(new TablespaceMapping("fast", home.resolve("fast"))), data)),
            RestoreListener.SILENT);
    try (TestPostgres copy = TestPostgres.over(release, data, Map.of())) {
      copy.start();
      assertThat(copy.value("select pg_relation_filepath('fast')")).startsWith("pg_tblspc/");
      assertThat(
              copy.value("select pg_tablespace_location(oid) from pg_tablespace where oid > 10000"))
          .isEqualTo(home.resolve("fast").toString());
      return copy.value(CONTENT);
    }
  }

  /// Which no document of wal-g's tells.
  private Map<String, String> names(RestorePlan plan) {
    BackupFetcher fetcher =
        new EmbeddedBackupFetcher(store, new ArchiveLayout(StoreFolder.of("w")), 1);
    assertThat(fetcher.tablespaceNames(plan.backup().name())).isEmpty();
    return fetcher.searchTablespaceNames(plan.backup().name());
  }

  private RestorePlan plan(RecoveryTarget target) {
    LineageCatalog catalog = catalog();
    return new RestorePlanner(ZoneOffset.UTC)
        .plan(catalog.lineage().cluster(), List.of(catalog), Optional.empty(), target);
  }

  private List<BaseBackup> backups() {
    return catalog().backups();
  }

  private LineageCatalog catalog() {
    Catalog catalog = new Catalog(store);
    return catalog.lineages(new PrefixTemplate("w")).stream()
        .map(catalog::read)
        .findFirst()
        .orElseThrow();
  }

  private ArchivePump pump() {
    return new ArchivePump(folder.resolve("spool"), wal());
  }

  private EmbeddedWalEngine wal() {
    return new EmbeddedWalEngine(
        store, new ArchiveLayout(StoreFolder.of("w")), Codec.LZ4, Optional.empty());
  }

  private TestPostgres server(PostgresRelease release, ArchivePump pump) {
    return TestPostgres.builder(release)
        .setting("archive_mode", "on")
        .setting("archive_command", pump.archiveCommand())
        .create(folder.resolve("data"))
        .start();
  }

  private void archiveEverything(TestPostgres postgres) {
    String last = postgres.value("select pg_walfile_name(pg_switch_wal())");
    await().atMost(PATIENCE).until(() -> wal().fetch(WalFileName.parse(last)).isPresent());
  }
}
