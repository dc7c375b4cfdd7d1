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
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Agent, server and store are killed at random points while clients write, base backups are taken
/// and retention deletes, which is killed too. What is offered afterwards restores to exactly the
/// rows that were committed until then, and nothing that was confirmed is missing.
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
    int minutes = Integer.getInteger("pgbackup.chaosMinutes", 10);
    try (Life life = new Life(new Random(), /* crowded= */ true)) {
      SortedSet<String> taken = new TreeSet<>();
      for (int minute = 0; minute < minutes; minute++) {
        if (minute % 4 == 3) {
          life.withoutStore(20_000);
        }
        life.pause(60_000);
        taken.addAll(life.baseBackups());
      }
      life.settle();

      SortedSet<String> standing = life.baseBackups();
      assertThat(taken).as("one each minute").hasSizeGreaterThanOrEqualTo(minutes);
      assertThat(standing).as("retention deleted").doesNotContain(taken.first());
      assertThat(standing).hasSizeLessThan(minutes);
      life.restoresWhatItOffers(3);
    }
  }

  private void life(long seed, int kills) throws Exception {
    Random random = new Random(Long.getLong("pgbackup.seed", seed));
    done.add("seed " + seed);
    try (Life life = new Life(random, /* crowded= */ false)) {
      for (int i = 0; i < kills; i++) {
        life.pause(random.nextInt(6_000));
        switch (random.nextInt(6)) {
          case 0, 1 -> life.withoutAgent(random.nextInt(2_000));
          case 2 -> life.withoutStore(random.nextInt(8_000));
          case 3 -> life.crash();
          case 4 -> life.retentionCutOff(300 + random.nextInt(2_000));
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
    private final Optional<Bank> bank;

    /// @param crowded whether several clients work at once. PostgreSQL may then log two commits in
    ///   another order than that of their times, and a restore ends at the first that is too late
    Life(Random random, boolean crowded) {
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
      this.bank = crowded ? Optional.of(new Bank(postgres)) : Optional.empty();
    }

    SortedSet<String> baseBackups() {
      SortedSet<String> names = new TreeSet<>();
      server
          .json("backups", "--cluster", "orders")
          .forEach(backup -> names.add(backup.path("name").asText()));
      return names;
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

    /// Beside the agent's own, which comes each minute: a lease keeps them apart, and is left.
    void retentionCutOff(long millis) throws InterruptedException {
      note("retention killed %d ms after its start".formatted(millis));
      Process process = server.started("retention", "apply", "--cluster", "orders");
      pause(millis);
      process.destroyForcibly().waitFor();
    }

    private void note(String event) {
      done.add(Instant.now() + " " + event);
    }

    /// Everything up again, and all of it in the archive.
    void settle() {
      bank.ifPresent(Bank::close);
      // while rows still come: base backups newer than all of them would offer none
      server.archiveEverything();
      List<Long> confirmed = writer.stop();
      assertThat(bank.map(Bank::transactions)).as("%s", done).isNotEqualTo(Optional.of(0L));
      assertThat(confirmed).as("%s", done).isNotEmpty();
      server.archiveEverything();
      assertThat(server.postgres().sql("select id from ledger").stream().map(Long::valueOf))
          .containsAll(confirmed);
      // its retention would take away what is offered before it is restored
      server.killAgent();
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
        holds(target, history, instant);
      }
    }

    private void holds(Path directory, SortedMap<Instant, Long> history, Instant instant) {
      Instant end = instant.plusNanos(1_000);
      Instant certain = bank.isPresent() ? end.minusSeconds(1) : end;
      try (TestPostgres restored =
          TestPostgres.over(PostgresRelease.NEWEST, directory, Map.of("archive_mode", "off"))) {
        restored.start();
        assertThat(restored.sql("select id from ledger").stream().map(Long::valueOf).toList())
            .as("%s\nrestored to %s", done, instant)
            .doesNotHaveDuplicates()
            .containsAll(history.headMap(certain).values())
            .isSubsetOf(history.headMap(end).values());
        if (bank.isPresent()) {
          assertThat(Set.copyOf(Bank.sums(restored)))
              .as("%s\nthe sums at %s", done, instant)
              .hasSize(1);
        }
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

    @Override
    public void close() {
      writer.close();
      bank.ifPresent(Bank::close);
      server.close();
      s3.close();
    }
  }
}
