package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Many tables, many small files, more than two gigabytes, and WAL in segments of a large size and,
/// less of it, of the smallest.
@Tag("matrix")
class LargeClusterIT {
  private static final int TABLES = 3_000;

  /// Of a row of the table that is big.
  private static final int BYTES = 960;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  @ParameterizedTest
  @CsvSource({"1, 300000", "64, 2300000"})
  void threeThousandTablesAndTenThousandFilesComeBack(int segmentMebibytes, long rows)
      throws Exception {
    try (ObjectStore store = FileObjectStore.open(Files.createDirectory(folder.resolve("bucket")));
        ProtectedServer server =
            new ProtectedServer(PostgresRelease.NEWEST, store, folder, segmentMebibytes)) {
      for (int from = 0; from < TABLES; from += 250) {
        // each with an index, a TOAST table and that one's index
        server.postgres.sql(
            """
            do $$ begin for i in %d..%d loop
              execute format('create table t%%s (id int primary key, word text)', i);
              execute format('insert into t%%s values (%%s, md5(%%L))', i, i, i);
            end loop; end $$"""
                .formatted(from, from + 249));
      }
      server.postgres.sql(
          "create table big as select i, repeat(md5(i::text), 30) filler"
              + " from generate_series(1, %d) i".formatted(rows));
      server.postgres.sql("checkpoint");
      assertThat(Long.parseLong(server.postgres.value("select pg_database_size('postgres')")))
          .isGreaterThan(rows * BYTES);
      assertThat(files(server.postgres.dataDirectory().resolve("base"))).isGreaterThan(10_000);
      List<String> expected = content(server.postgres);
      server.backUp();
      server.postgres.sql("update t17 set word = 'later'");
      server.archiveEverything(Duration.ofMinutes(10));

      Path target = folder.resolve("restored");
      server
          .bench()
          .runner()
          .run(
              server.plan(server.uid(), new RecoveryTarget.Latest()),
              new RestoreDestination.NewDirectory(target, Optional.empty()),
              RestoreListener.SILENT);

      try (TestPostgres restored =
          TestPostgres.over(PostgresRelease.NEWEST, target, Map.of("archive_mode", "off"))) {
        restored.start();
        assertThat(restored.value("select word from t17")).isEqualTo("later");
        restored.sql("update t17 set word = md5('17')");
        assertThat(content(restored)).isEqualTo(expected);
      }
    }
  }

  private static long files(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).count();
    }
  }

  /// A checksum of every table, a hundred at a time: each takes locks until its transaction ends.
  private static List<String> content(TestPostgres postgres) {
    postgres.sql(
        """
        create or replace function words(first int) returns text language plpgsql as $$
        declare found text := ''; word text; begin
          for i in first..first + 99 loop
            execute format('select word from t%s where id = %s', i, i) into word;
            found := md5(found || word);
          end loop; return found; end $$""");
    List<String> found = new ArrayList<>();
    for (int first = 0; first < TABLES; first += 100) {
      found.add(postgres.value("select words(%d)".formatted(first)));
    }
    found.addAll(
        postgres.sql(
            "select count(*), md5(string_agg(md5(filler), '' order by i) filter (where i % 100 = 0))"
                + " from big"));
    return found;
  }
}
