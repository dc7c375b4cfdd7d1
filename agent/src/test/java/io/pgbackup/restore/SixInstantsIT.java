package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.postgres.Timeline;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.Matrix;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestArchive.Kind;
import io.pgbackup.testing.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Six instants around two base backups and a failover, each restored and compared table by table.
class SixInstantsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String CONTENT =
      """
      select 'account', count(*), md5(string_agg(account::text, ',' order by id)) from account
      union all
      select 'event', count(*), md5(string_agg(event::text, ',' order by id)) from event""";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<Moment> moments = new ArrayList<>();

  /// An instant and what the tables held then.
  private record Moment(Instant instant, List<String> content) {}

  static Stream<Arguments> archives() {
    return Matrix.isOn()
        ? PostgresRelease.all()
            .flatMap(release -> Stream.of(Kind.values()).map(kind -> Arguments.of(release, kind)))
        : Stream.of(
            Arguments.of(PostgresRelease.OLDER, Kind.S3),
            Arguments.of(PostgresRelease.NEWEST, Kind.DIRECTORY));
  }

  @ParameterizedTest
  @MethodSource("archives")
  void comeBackExactly(PostgresRelease release, Kind kind) throws Exception {
    try (TestArchive archive = TestArchive.create(kind, folder);
        ProtectedServer server = new ProtectedServer(release, archive.store(), folder)) {
      live(server);

      for (Moment moment : moments) {
        int number = moments.indexOf(moment) + 1;
        RestorePlan plan = server.plan(server.uid(), moment.instant());
        Path target = folder.resolve("restored-" + number);
        server
            .bench()
            .runner()
            .run(
                plan,
                new RestoreDestination.NewDirectory(target, Optional.empty()),
                RestoreListener.SILENT);

        assertThat(contentOf(release, target))
            .as("instant %d by %s", number, plan)
            .isEqualTo(moment.content());
      }
      assertThat(server.catalog(server.uid()).backups()).hasSize(2);
      assertThat(server.plan(server.uid(), moments.getLast().instant()).timeline())
          .isEqualTo(new Timeline(2));
    }
  }

  /// Two instants after each base backup, and two after the failover; the fourth stands in no
  /// segment that the old primary finished.
  private void live(ProtectedServer server) throws Exception {
    server.postgres.sql(
        """
        create table account (id int primary key, owner text, balance int);
        create table event (id bigserial primary key, what text);
        insert into account select i, md5(i::text), 100 from generate_series(1, 1000) i""");
    server.backUp();
    change(server.postgres, 1);
    server.postgres.sql("select pg_switch_wal()");
    change(server.postgres, 2);
    try (TestPostgres standby = server.standby(Map.of())) {
      server.backUp();
      change(server.postgres, 3);
      server.postgres.sql("select pg_switch_wal()");
      change(server.postgres, 4);
      failOver(server.postgres, standby);
      change(standby, 5);
      standby.sql("select pg_switch_wal()");
      change(standby, 6);
      standby.sql("delete from account; truncate event");
      server.archiveEverything(standby, PATIENCE);
    }
  }

  private void change(TestPostgres postgres, int number) {
    postgres.sql(
        """
        update account set balance = balance + %1$d where id %% 7 = %1$d;
        delete from account where id %% 100 = %1$d;
        insert into event (what) select repeat(md5(i::text), %1$d) from generate_series(1, 200) i"""
            .formatted(number));
    moments.add(new Moment(ProtectedServer.now(postgres), postgres.sql(CONTENT)));
    postgres.sql("insert into event (what) values ('after the instant')");
  }

  private static void failOver(TestPostgres primary, TestPostgres standby) {
    String end = primary.value("select pg_current_wal_lsn()");
    await()
        .atMost(PATIENCE)
        .until(
            () -> standby.value("select pg_last_wal_replay_lsn() >= '%s'".formatted(end)),
            "t"::equals);
    primary.kill();
    standby.sql("select pg_promote()");
    await().atMost(PATIENCE).until(() -> standby.value("select pg_is_in_recovery()"), "f"::equals);
    assertThat(Files.exists(standby.dataDirectory().resolve("pg_wal/00000002.history"))).isTrue();
  }

  private static List<String> contentOf(PostgresRelease release, Path dataDirectory) {
    try (TestPostgres restored =
        TestPostgres.over(release, dataDirectory, Map.of("archive_command", "false"))) {
      return restored.start().sql(CONTENT);
    }
  }
}
