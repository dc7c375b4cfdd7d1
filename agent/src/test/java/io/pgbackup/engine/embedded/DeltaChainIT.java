package io.pgbackup.engine.embedded;

import static io.pgbackup.engine.embedded.DeltaLab.NEWEST_FIRST;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.BackupRequest.Kind;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.engine.format.FileDescription.Content;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/// A full backup and three deltas on it, of a database in which everything happens that can happen
/// to a relation's file; each of them restored.
class DeltaChainIT {
  private static final BackupRequest DELTA = BackupRequest.of(Kind.DELTA);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  // opened by each test
  @SuppressWarnings("NullAway.Init")
  private DeltaLab lab;

  private final List<TakenBackup> chain = new ArrayList<>();
  private final List<Map<String, String>> expected = new ArrayList<>();

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  @EachRelease
  void everyLinkRestoresToWhatTheServerHad(PostgresRelease release) throws Exception {
    takeChain(release);

    for (int link = 0; link < chain.size(); link++) {
      assertThat(lab.restored(lab.ours(chain.get(link).name())))
          .as("link %d", link)
          .isEqualTo(expected.get(link));
    }
  }

  @EachRelease
  void stockWalgRestoresItInBothWays(PostgresRelease release) throws Exception {
    StockWalg.over(folder);
    takeChain(release);

    for (int link : List.of(1, 3)) {
      BackupName name = chain.get(link).name();
      assertThat(lab.restored(lab.walg(name))).as("link %d", link).isEqualTo(expected.get(link));
      assertThat(lab.restored(lab.walg(name, NEWEST_FIRST)))
          .as("link %d, newest first", link)
          .isEqualTo(expected.get(link));
    }
  }

  private void takeChain(PostgresRelease release) throws Exception {
    lab = new DeltaLab(folder, release, Map.of());
    try {
      TestPostgres postgres = lab.postgres();
      // 16 and 17 keep empty pages at the end of 'still', which every delta has, until a vacuum
      makeRelationThatSkippedWal(postgres);
      run(
          postgres,
          """
          create table words (id int primary key, word text);
          insert into words select i, md5(i::text) from generate_series(1, 30000) i;
          create table still as select i, md5(i::text) word from generate_series(1, 5000) i;
          create table cut as select i, repeat('x', 100) filler from generate_series(1, 20000) i;
          create table gone as select i from generate_series(1, 5000) i;
          create table rewritten as select i, md5(i::text) word from generate_series(1, 5000) i;
          create table empty (i int);
          create table hashed (i int);
          insert into hashed select i from generate_series(1, 3000) i;
          create index on hashed using hash (i);
          create unlogged table scratch as select i from generate_series(1, 1000) i;
          vacuum (truncate) still; vacuum analyze words; checkpoint""");
      Path database =
          requireNonNull(
              postgres
                  .dataDirectory()
                  .resolve(postgres.value("select pg_relation_filepath('words')"))
                  .getParent());
      Path odd = Files.write(database.resolve("99999"), new byte[10_000]);
      postgres.user().own(odd);
      take(BackupRequest.FULL);

      String still = postgres.value("select pg_relation_filepath('still')");
      String words = postgres.value("select pg_relation_filepath('words')");
      String skipped = postgres.value("select pg_relation_filepath('skipped')");
      run(
          postgres,
          """
          update words set word = 'first ' || word where id % 1000 = 7;
          delete from cut where i > 2000; vacuum (truncate) cut;
          drop table gone;
          create table fresh as select i from generate_series(1, 4000) i;
          insert into empty values (1);
          update skipped set i = -i where i % 500 = 0;
          insert into scratch values (-1); checkpoint""");
      // as a server leaves it that adds many pages at once and is not yet done filling them
      Files.write(
          postgres.dataDirectory().resolve(postgres.value("select pg_relation_filepath('cut')")),
          new byte[20 * 8192],
          StandardOpenOption.APPEND);
      Files.write(odd, new byte[20_001]);
      take(DELTA);
      assertHeld(still, Content.OF_THE_PARENT);
      assertHeld(words, Content.INCREMENT);
      assertHeld(skipped, Content.WHOLE);

      run(
          postgres,
          """
          vacuum full rewritten;
          insert into words select i, 'second' from generate_series(30001, 60000) i;
          insert into cut select i, 'again' from generate_series(1, 3000) i;
          insert into fresh select i from generate_series(1, 4000) i;
          truncate empty; checkpoint""");
      take(DELTA);
      assertHeld(still, Content.OF_THE_PARENT);
      assertHeld(words, Content.INCREMENT);

      run(
          postgres,
          """
          delete from words where id > 5000; vacuum (truncate) words;
          insert into words select i, 'third' from generate_series(60001, 60100) i;
          alter table fresh add column more text default 'more';
          reindex table words; drop table hashed; checkpoint""");
      take(DELTA);
      assertHeld(still, Content.OF_THE_PARENT);
      assertNames();
    } finally {
      lab.postgres().close();
    }
  }

  /// Its pages have no positions: what made them never came to WAL, nor does reading them, since
  /// they are frozen.
  private static void makeRelationThatSkippedWal(TestPostgres postgres) {
    postgres.configure("wal_level", "minimal");
    postgres.configure("max_wal_senders", "0");
    postgres.configure("archive_mode", "off");
    postgres.configure("wal_skip_threshold", "0");
    postgres.start();
    postgres.sql(
        "begin; create table skipped (i int);"
            + " copy skipped from program 'seq 1 20000' with (freeze); commit");
    postgres.stop();
    postgres.configure("wal_level", "replica");
    postgres.configure("max_wal_senders", "10");
    postgres.configure("archive_mode", "on");
    postgres.start();
  }

  /// One by one: some may not share a transaction.
  private static void run(TestPostgres postgres, String statements) {
    for (String statement : statements.split(";")) {
      postgres.sql(statement);
    }
  }

  private void take(BackupRequest request) {
    expected.add(lab.tables());
    chain.add(lab.push(request));
  }

  private void assertHeld(String path, Content content) throws IOException {
    ManifestFile file = requireNonNull(lab.manifest(chain.getLast().name()).get(path));
    assertThat(file.content()).as(path).isEqualTo(content);
    assertThat(file.size()).isEqualTo(Files.size(lab.postgres().dataDirectory().resolve(path)));
    if (content == Content.INCREMENT) {
      assertThat(file.pageLsns()).as("one server wrote all of it").isPresent();
    }
  }

  private void assertNames() throws IOException {
    BackupName full = chain.getFirst().name();
    for (int link = 1; link < chain.size(); link++) {
      BackupName parent = chain.get(link - 1).name();
      BackupName name = chain.get(link).name();
      assertThat(name.parentSegment()).contains(parent.startSegment());
      assertThat(lab.sentinel(name).delta())
          .contains(new DeltaOrigin(chain.get(link - 1).startLsn(), parent, full, link));
      assertThat(chain.get(link).compressedSize())
          .isLessThan(chain.getFirst().compressedSize() / 2);
    }
  }
}
