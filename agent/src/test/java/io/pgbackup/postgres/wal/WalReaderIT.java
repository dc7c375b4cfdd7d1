package io.pgbackup.postgres.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/// Against the server's own memory of its commits (`track_commit_timestamp`).
class WalReaderIT {
  private static final WalSegmentSize SMALL = new WalSegmentSize(1 << 20);

  @EachRelease
  void findsEveryCommitThatTheServerRemembers(
      PostgresRelease release, @TempDir(factory = EnterableTempDir.class) Path folder)
      throws IOException {
    try (TestPostgres postgres =
        TestPostgres.builder(release)
            .initdb("--wal-segsize=1")
            .setting("track_commit_timestamp", "on")
            .setting("max_prepared_transactions", "5")
            .setting("max_locks_per_transaction", "2000")
            .setting("autovacuum", "off")
            .setting("wal_keep_size", "1GB")
            .create(folder.resolve("data"))) {
      postgres.start();
      // given
      Lsn from = Lsn.parse(postgres.value("select pg_switch_wal()"));
      String firstXid = postgres.value("select pg_current_xact_id()");
      work(postgres);
      String lastXid = postgres.value("select pg_current_xact_id()");
      Lsn to = Lsn.parse(postgres.value("select pg_switch_wal()"));

      // when
      List<TransactionEnd> oneStream = readAsOneStream(postgres, from, to);
      List<TransactionEnd> oneByOne = readOneByOne(postgres, from, to);

      // then
      assertThat(oneByOne).isEqualTo(oneStream);
      assertThat(oneStream)
          .extracting(TransactionEnd::time)
          .containsAll(rememberedCommits(postgres, firstXid, lastXid));
      assertThat(oneStream).hasSize(rememberedCommits(postgres, firstXid, lastXid).size() + ABORTS);
      assertThat(oneStream)
          .as("a commit whose record spans two segments")
          .anyMatch(
              end ->
                  !WalSegment.containing(Timeline.FIRST, end.start(), SMALL)
                      .equals(WalSegment.containing(Timeline.FIRST, end.end(), SMALL)));
    }
  }

  private static final int ABORTS = 3;

  private static void work(TestPostgres postgres) {
    postgres.sql("create table t (id int, filler text)");
    for (int i = 0; i < 100; i++) {
      postgres.sql("insert into t values (%d, repeat('x', %d))".formatted(i, i * 37 % 5000));
    }
    postgres.sql("begin; insert into t values (1); rollback");
    postgres.sql("begin; insert into t values (2); prepare transaction 'kept'");
    postgres.sql("begin; insert into t values (3); prepare transaction 'dropped'");
    postgres.sql("commit prepared 'kept'");
    postgres.sql("rollback prepared 'dropped'");
    // commit records of 200 kB: each dropped table is named in them
    for (int i = 0; i < 3; i++) {
      postgres.sql(
          "do $$ begin for i in 1..5000 loop"
              + " execute 'create table many_' || i || ' (id int)'; end loop; end $$");
      postgres.sql(
          "do $$ begin for i in 1..5000 loop"
              + " execute 'drop table many_' || i; end loop; end $$");
    }
    postgres.sql("select pg_switch_wal()");
    postgres.sql("insert into t select i, 'much' from generate_series(1, 30000) i");
    postgres.sql("begin; insert into t values (4); rollback");
  }

  private static List<TransactionEnd> readAsOneStream(TestPostgres postgres, Lsn from, Lsn to)
      throws IOException {
    WalReader reader = new WalReader();
    List<TransactionEnd> found = new ArrayList<>();
    for (WalSegment segment : segments(from, to)) {
      try (InputStream in = open(postgres, segment)) {
        WalScan scan = reader.read(segment, in);
        assertThat(scan.whole()).as("%s up to %s", segment, scan.validEnd()).isTrue();
        found.addAll(scan.transactionEnds());
      }
    }
    return found;
  }

  private static List<TransactionEnd> readOneByOne(TestPostgres postgres, Lsn from, Lsn to)
      throws IOException {
    List<TransactionEnd> found = new ArrayList<>();
    for (WalSegment segment : segments(from, to)) {
      WalReader reader = new WalReader();
      WalScan scan;
      try (InputStream in = open(postgres, segment)) {
        scan = reader.read(segment, in);
        found.addAll(scan.transactionEnds());
      }
      for (WalSegment next = segment.next(); scan.openTransactionEnd(); next = next.next()) {
        try (InputStream in = open(postgres, next)) {
          scan = reader.readContinuation(next, in);
          found.addAll(scan.transactionEnds());
        }
      }
    }
    return found;
  }

  private static List<WalSegment> segments(Lsn from, Lsn to) {
    List<WalSegment> segments = new ArrayList<>();
    WalSegment segment = WalSegment.containing(Timeline.FIRST, from.plus(SMALL.bytes() - 1), SMALL);
    for (; segment.start().isBefore(to); segment = segment.next()) {
      segments.add(segment);
    }
    return segments;
  }

  private static InputStream open(TestPostgres postgres, WalSegment segment) throws IOException {
    return Files.newInputStream(
        postgres.dataDirectory().resolve("pg_wal").resolve(segment.fileName()));
  }

  private static List<Instant> rememberedCommits(
      TestPostgres postgres, String firstXid, String lastXid) {
    // subtransactions carry their parent's time
    return postgres
        .sql(
            """
            select distinct to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
            from (select pg_xact_commit_timestamp(x::text::xid) as at
                  from generate_series(%s, %s) x) commits
            where at is not null
            """
                .formatted(firstXid, lastXid))
        .stream()
        .map(
            text ->
                DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS")
                    .withZone(ZoneOffset.UTC)
                    .parse(text, Instant::from))
        .toList();
  }
}
