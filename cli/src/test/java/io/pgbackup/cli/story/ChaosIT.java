package io.pgbackup.cli.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Agent, server and store are killed at random points while a client writes, base backups are
/// taken and retention deletes. What is offered afterwards restores to exactly the rows that were
/// committed until then, and nothing that was confirmed is missing.
class ChaosIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<String> done = new ArrayList<>();

  @Test
  void aFewKillsLoseNothing() throws Exception {
    life(System.nanoTime(), 5);
  }

  static LongStream seeds() {
    return new Random().longs(Integer.getInteger("pgbackup.seeds", 200));
  }

  @Tag("chaos")
  @ParameterizedTest
  @MethodSource("seeds")
  void manyKillsLoseNothing(long seed) throws Exception {
    life(seed, 12);
  }

  @Tag("chaos")
  @Test
  void tenMinutesWithABackupEachMinuteAndTheStoreKilledTwice() throws Exception {
    try (Life life = new Life(new Random())) {
      for (int minute = 0; minute < 10; minute++) {
        if (minute == 3 || minute == 7) {
          life.withoutStore(20_000);
        }
        life.pause(60_000);
      }
      life.settle();
      life.restoresWhatItOffers(3);
    }
  }

  private void life(long seed, int kills) throws Exception {
    Random random = new Random(Long.getLong("pgbackup.seed", seed));
    done.add("seed " + seed);
    try (Life life = new Life(random)) {
      for (int i = 0; i < kills; i++) {
        life.pause(random.nextInt(6_000));
        switch (random.nextInt(5)) {
          case 0, 1 -> life.withoutAgent(random.nextInt(2_000));
          case 2 -> life.withoutStore(random.nextInt(8_000));
          case 3 -> life.crash();
          default -> life.backupCutOff(random.nextInt(3_000));
        }
      }
      life.settle();
      life.restoresWhatItOffers(2);
    }
  }

  private final class Life implements AutoCloseable {
    private final Random random;
    private final S3Server s3 = S3Server.own();
    private final ProtectedServer server;
    private final Writer writer;

    Life(Random random) {
      this.random = random;
      this.server =
          new ProtectedServer(
              PostgresRelease.NEWEST,
              folder,
              s3.storageConfig(s3.newBucket()),
              """
              backup: { schedule: "* * * * *" }
              retention: { schedule: "* * * * *", keepFull: 2, window: 45s }
              """);
      TestPostgres postgres = server.postgres();
      postgres.configure("track_commit_timestamp", "on");
      postgres.configure("archive_timeout", "3s");
      postgres.stop();
      postgres.start();
      server.awaitBackups(server.uid(), 1);
      this.writer = new Writer(postgres);
    }

    void pause(long millis) throws InterruptedException {
      Thread.sleep(millis);
    }

    void withoutAgent(long millis) throws InterruptedException {
      note("agent killed for %d ms".formatted(millis));
      server.killAgent();
      pause(millis);
      server.restartAgent();
    }

    void withoutStore(long millis) throws InterruptedException {
      note("store killed for %d ms".formatted(millis));
      s3.stop();
      pause(millis);
      s3.start();
    }

    /// All of PostgreSQL's processes at once; who wrote has to connect again.
    void crash() {
      note("server crashed");
      server.postgres().kill();
      server.postgres().start();
    }

    void backupCutOff(long millis) throws InterruptedException {
      note("agent killed %d ms into a base backup".formatted(millis));
      // one that waited would take it itself where it finds no agent, and then no agent can start
      server.pgbackup("backup", "--no-wait");
      pause(millis);
      server.killAgent();
      server.restartAgent();
    }

    private void note(String event) {
      done.add(Instant.now() + " " + event);
    }

    /// Everything up again, and all of it in the archive.
    void settle() {
      List<Long> confirmed = writer.stop();
      assertThat(confirmed).as("%s", done).isNotEmpty();
      server.archiveEverything();
      assertThat(server.postgres().sql("select id from ledger").stream().map(Long::valueOf))
          .containsAll(confirmed);
    }

    void restoresWhatItOffers(int count) throws IOException {
      SortedMap<Instant, Long> history = history();
      List<Instant> offered = new ArrayList<>();
      await().atMost(PATIENCE).until(() -> offered.addAll(offered(history)));
      for (int i = 0; i < count; i++) {
        Instant instant = offered.get(random.nextInt(offered.size()));
        Path target = folder.resolve("restored-" + i);
        String[] restore = server.restore(instant.toString(), target);
        Installation.Answer answer = server.pgbackup(restore);
        assertThat(answer.status()).as("%s\n%s", done, answer).isZero();
        assertThat(rows(target))
            .as("%s\nrestored to %s", done, instant)
            .containsExactlyInAnyOrderElementsOf(
                history.headMap(instant.plusNanos(1_000)).values());
      }
    }

    /// Instants of commits inside a window without a gap.
    private List<Instant> offered(SortedMap<Instant, Long> history) {
      List<Instant> instants = new ArrayList<>();
      JsonNode lineage = server.json("window", "--cluster", "orders").path(0);
      assertThat(lineage.path("gaps")).as("%s", done).isEmpty();
      for (JsonNode window : lineage.path("windows")) {
        instants.addAll(
            history
                .subMap(
                    Instant.parse(window.path("start").asText()),
                    Instant.parse(window.path("end").asText()))
                .keySet());
      }
      return instants;
    }

    private SortedMap<Instant, Long> history() {
      SortedMap<Instant, Long> rows = new TreeMap<>();
      server
          .postgres()
          .sql(
              "select to_char(pg_xact_commit_timestamp(xmin) at time zone 'UTC',"
                  + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), id from ledger")
          .forEach(
              row -> {
                String[] fields = row.split("\\|");
                rows.put(Instant.parse(fields[0]), Long.valueOf(fields[1]));
              });
      return rows;
    }

    private List<Long> rows(Path directory) {
      try (TestPostgres restored =
          TestPostgres.over(PostgresRelease.NEWEST, directory, Map.of("archive_mode", "off"))) {
        return restored.start().sql("select id from ledger").stream().map(Long::valueOf).toList();
      }
    }

    @Override
    public void close() {
      writer.close();
      server.close();
      s3.close();
    }
  }
}
