package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerWatchTest {
  @Test
  void saysWhatNothingLimits() {
    ServerWatch.Seen good = Servers.primary().orElseThrow();

    assertThat(ServerWatch.ofArchiving(good, Optional.empty())).isEmpty();
    assertThat(ServerWatch.ofArchiving(with(good, "on", Duration.ZERO), Optional.empty()))
        .map(Problem::message)
        .hasValueSatisfying(message -> assertThat(message).startsWith("archive_timeout is 0"));
    assertThat(ServerWatch.ofArchiving(with(good, "off", Duration.ZERO), Optional.empty()))
        .map(Problem::message)
        .hasValueSatisfying(message -> assertThat(message).startsWith("archive_mode is off"));
  }

  @Test
  void aStandbyArchivesNothingAndNeedsNoTimeout() {
    ServerWatch.Seen standby = Servers.standby().orElseThrow();

    assertThat(ServerWatch.ofArchiving(with(standby, "on", Duration.ZERO), Optional.empty()))
        .isEmpty();
  }

  /// Whatever waits for a new server's lineage waits for its first answer.
  @Test
  void asksOftenUntilTheServerHasAnsweredOnce(@TempDir Path folder) {
    PostgresConfig nobody =
        new PostgresConfig(
            folder.toString(),
            5432,
            "postgres",
            "postgres",
            Optional.empty(),
            ServerTls.OFF,
            folder.resolve("data"));
    try (ServerWatch watch =
        new ServerWatch(
            nobody,
            () -> true,
            () -> false,
            Duration.ofMinutes(1),
            new CommandWatch(folder.resolve("archive.sock"), Optional::empty),
            new Problems(Clock.systemUTC()))) {
      assertThat(watch.look()).isEqualTo(Duration.ofSeconds(1));
      assertThat(watch.answered()).contains(false);
    }
  }

  private static ServerWatch.Seen with(
      ServerWatch.Seen seen, String archiveMode, Duration archiveTimeout) {
    ServerFacts facts = seen.facts();
    return new ServerWatch.Seen(
        new ServerFacts(
            facts.version(),
            facts.systemIdentifier(),
            facts.segmentSize(),
            facts.timeline(),
            facts.inRecovery(),
            facts.dataDirectory(),
            facts.dataChecksums(),
            archiveMode,
            facts.archiveCommand(),
            facts.archiveLibrary(),
            archiveTimeout,
            facts.blockSize(),
            facts.blocksPerFile()),
        seen.stats());
  }
}
