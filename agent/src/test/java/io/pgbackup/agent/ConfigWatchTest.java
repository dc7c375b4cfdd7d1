package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.agent.Problems.About;
import io.pgbackup.config.ConfigFile;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigWatchTest {
  private static final Instant START = Instant.parse("2026-11-21T02:00:00Z");
  private static final String BASE =
      "cluster: { name: orders }\nstorage: { url: 's3://backups' }\n";
  private static final String LZ4 = BASE + "backup: { compression: lz4 }\n";

  @TempDir private Path folder;

  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final Problems problems = new Problems(now::get);
  private final List<PgBackupConfig> taken = new ArrayList<>();
  private Optional<Problem> unwilling = Optional.empty();
  private Path file;
  private ConfigWatch watch;

  @BeforeEach
  void load() throws IOException {
    file = Files.writeString(folder.resolve("pgbackup.yaml"), BASE);
    watch =
        new ConfigWatch(
            new ConfigFile(file, new ConfigLoader(Map.of())).load(),
            this::take,
            problems,
            now::get);
  }

  private void take(PgBackupConfig config) {
    unwilling.ifPresent(
        problem -> {
          throw problem.asException();
        });
    taken.add(config);
  }

  private void look() {
    now.updateAndGet(before -> before.plus(watch.look()));
  }

  private void write(String yaml) {
    try {
      Files.writeString(file, yaml);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private String refused() {
    return watch.state().refused().map(Problem::message).orElse("");
  }

  @Test
  void takesNothingWhileNothingChanges() {
    look();
    look();

    assertThat(taken).isEmpty();
    assertThat(watch.state()).isEqualTo(new ConfigWatch.State(START, Optional.empty()));
  }

  @Test
  void takesAChangeOnceItWasReadTwiceTheSame() {
    write("");
    look();
    write(LZ4);
    look();
    assertThat(taken).as("may still be written").isEmpty();
    assertThat(watch.state().refused()).isEmpty();

    look();
    look();

    assertThat(taken).hasSize(1);
    assertThat(watch.state().loadedAt()).isAfter(START);
  }

  @Test
  void aCommentChangesNothingThatRuns() {
    write(BASE + "# more to come\n");
    look();
    look();

    assertThat(taken).isEmpty();
    assertThat(watch.state().refused()).isEmpty();
    assertThat(watch.state().loadedAt()).isAfter(START);
  }

  @Test
  void refusesWhatIsBrokenUntilItIsMended() {
    write(BASE + "backup: { compresion: lz4 }\n");
    look();
    look();
    assertThat(refused()).contains("did you mean 'compression'?");
    assertThat(problems.about(About.CONFIGURATION)).isEqualTo(watch.state().refused());
    assertThat(watch.state().loadedAt()).isEqualTo(START);

    write(LZ4);
    look();
    look();
    assertThat(taken).hasSize(1);
    assertThat(refused()).isEmpty();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void aRefusedChangeIsLoggedOnceAndItsEndToo() {
    write(BASE + "backup: { compresion: lz4 }\n");

    List<String> lines =
        LogLines.of(
            Problems.class,
            () -> {
              look();
              look();
              look();
              look();
            });
    assertThat(lines)
        .singleElement()
        .asString()
        .contains("WARN", "about=CONFIGURATION", "pgbackup.yaml has 1 problem");

    write(LZ4);
    assertThat(
            LogLines.of(
                Problems.class,
                () -> {
                  look();
                  look();
                }))
        .singleElement()
        .asString()
        .contains("about=CONFIGURATION problem is gone");
  }

  @Test
  void whatIsTakenBackIsInForceAsBefore() {
    write("nonsense");
    look();
    look();
    assertThat(refused()).isNotEmpty();

    write(BASE);
    look();
    look();
    assertThat(taken).isEmpty();
    assertThat(watch.state()).isEqualTo(new ConfigWatch.State(START, Optional.empty()));
  }

  @Test
  void aFileThatIsGoneIsRefusedOnceItStaysAway() throws IOException {
    Files.delete(file);
    look();
    assertThat(refused()).as("may be swapped").isEmpty();
    look();
    assertThat(refused()).contains("there is no such file");

    write(BASE);
    look();
    look();
    assertThat(refused()).isEmpty();
  }

  @Test
  void triesAgainWhatCouldNotBeTaken() {
    unwilling = Optional.of(Problem.misconfigured("the key file /k cannot be read", "Mount it."));
    write(LZ4);
    look();
    look();
    assertThat(refused()).isEqualTo("the key file /k cannot be read");

    unwilling = Optional.empty();
    look();
    assertThat(taken).hasSize(1);
    assertThat(refused()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cluster.namespace   | 'cluster: { name: orders, namespace: b }'
          postgres.user       | 'postgres: { user: b }'
          storage.prefix      | 'storage: { url: "s3://backups", prefix: a/b }'
          wal.socket          | 'wal: { socket: /b }'
          http.listen         | 'http: { listen: "127.0.0.1:1" }'
          """)
  void whatNamesTheArchiveOrADoorWaitsForARestart(String key, String section) {
    String name = section.substring(0, section.indexOf(':'));
    String rest =
        BASE.lines()
            .filter(line -> !line.startsWith(name + ":"))
            .reduce("", (all, line) -> all + line + "\n");
    write(rest + section + "\nbackup: { compression: lz4 }\n");
    look();
    look();

    assertThat(taken).as("all or nothing").isEmpty();
    assertThat(refused()).startsWith(key + " cannot change under a running agent");
    assertThat(watch.state().refused().flatMap(Problem::hint).orElse("")).contains("Restart");
  }

  @Test
  void looksEveryFewSeconds() {
    assertThat(watch.look()).isLessThanOrEqualTo(Duration.ofSeconds(5));
  }
}
