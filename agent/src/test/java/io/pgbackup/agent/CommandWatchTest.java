package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.archive.ArchiveStatus;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import io.pgbackup.postgres.jdbc.ServerFacts;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CommandWatchTest {
  private static final String FIRST = "000000010000000000000002";
  private static final String SECOND = "000000010000000000000003";
  private static final String SCRIPT = "/usr/local/bin/archive.sh %p";

  private Optional<ArchiveStatus.Archived> received = Optional.empty();
  private final CommandWatch watch =
      new CommandWatch(Path.of("/run/pgbackup/archive.sock"), () -> received);

  private static ServerWatch.Seen server(
      ServerWatch.Seen of, String mode, String command, String library, String archived) {
    ServerFacts facts = of.facts();
    ArchiverStats stats = of.stats();
    return new ServerWatch.Seen(
        new ServerFacts(
            facts.version(),
            facts.systemIdentifier(),
            facts.segmentSize(),
            facts.timeline(),
            facts.inRecovery(),
            facts.dataDirectory(),
            facts.dataChecksums(),
            mode,
            command,
            library,
            facts.archiveTimeout(),
            facts.blockSize(),
            facts.blocksPerFile()),
        new ArchiverStats(
            archived.isEmpty()
                ? Optional.empty()
                : Optional.of(new ArchiverStats.Attempt(archived, Instant.EPOCH)),
            Optional.empty(),
            0,
            0,
            stats.currentLsn(),
            stats.currentSegment(),
            Optional.empty(),
            0,
            Instant.EPOCH));
  }

  private Optional<Problem> look(String command, String archived) {
    return watch.look(server(Servers.primary().orElseThrow(), "on", command, "", archived));
  }

  private void receive(String file) {
    received = Optional.of(new ArchiveStatus.Archived(WalFileName.parse(file), Instant.EPOCH));
  }

  @Test
  void ourOwnCommandIsOurs() {
    assertThat(look("pgbackup wal push %p", "")).isEmpty();
    assertThat(watch.ours()).contains(true);
  }

  @Test
  void aCommandThatLosesWalOrALibraryIsNot() {
    assertThat(look("pgbackup wal push %p || true", "")).isPresent();
    assertThat(watch.ours()).contains(false);

    ServerWatch.Seen primary = Servers.primary().orElseThrow();
    assertThat(watch.look(server(primary, "on", "pgbackup wal push %p", "basic_archive", "")))
        .hasValueSatisfying(problem -> assertThat(problem.message()).contains("basic_archive"));
    assertThat(watch.ours()).contains(false);
  }

  @Test
  void aScriptIsJudgedByWhatArrives() {
    assertThat(look(SCRIPT, FIRST)).as("archived before anybody looked").isEmpty();
    assertThat(watch.ours()).isEmpty();

    receive(SECOND);
    assertThat(look(SCRIPT, FIRST)).as("PostgreSQL has not written it down yet").isEmpty();
    assertThat(look(SCRIPT, SECOND)).isEmpty();
    assertThat(watch.ours()).contains(true);
  }

  @Test
  void whatPostgresCallsArchivedAndNobodyGotWentElsewhere() {
    assertThat(look("wal-g wal-push %p", FIRST)).isEmpty();

    assertThat(look("wal-g wal-push %p", SECOND))
        .hasValueSatisfying(
            problem -> {
              assertThat(problem.message())
                  .isEqualTo("archive_command is not pgbackup's: wal-g wal-push %p");
              assertThat(problem.hint().orElseThrow()).contains("pgbackup wal push --socket");
            });
    assertThat(watch.ours()).contains(false);

    receive("000000010000000000000004");
    assertThat(look(SCRIPT, "000000010000000000000004")).isEmpty();
    assertThat(watch.ours()).contains(true);
  }

  @Test
  void aCommandThatWasChangedUnderARunningAgentIsNoticed() {
    receive(FIRST);
    assertThat(look("pgbackup wal push %p", FIRST)).isEmpty();

    assertThat(look("cp %p /mnt/%f", SECOND)).isPresent();
    assertThat(watch.ours()).contains(false);
  }

  @Test
  void anotherSocketIsAPathToTheSameUntilWalGoesElsewhere() {
    String command = "pgbackup wal push --socket /other/archive.sock %p";
    assertThat(look(command, FIRST)).isEmpty();
    assertThat(watch.ours()).contains(true);

    assertThat(look(command, SECOND)).isPresent();
    assertThat(watch.ours()).contains(false);
  }

  /// Its socket may stand in a file.
  @Test
  void ourOwnCommandWhoseWalNeverArrivesIsNot() {
    String command = "pgbackup --config /etc/other.yaml wal push %p";
    assertThat(look(command, FIRST)).isEmpty();

    assertThat(look(command, SECOND))
        .hasValueSatisfying(problem -> assertThat(problem.message()).contains("looks like ours"));
    assertThat(watch.ours()).contains(false);
  }

  @Test
  void whatWasGivenBeforeArchivingWasSwitchedOffSaysNothing() {
    receive(FIRST);
    assertThat(look(SCRIPT, FIRST)).isEmpty();
    watch.skip();

    assertThat(look(SCRIPT, "000000010000000000000009")).isEmpty();
    assertThat(watch.ours()).isEmpty();
  }

  @Test
  void nothingIsSaidOfAServerThatIsNotToArchive() {
    assertThat(look("cp %p /mnt/%f", FIRST)).isEmpty();
    ServerWatch.Seen standby = Servers.standby().orElseThrow();

    assertThat(watch.look(server(standby, "on", "cp %p /mnt/%f", "", SECOND))).isEmpty();
    assertThat(watch.ours()).isEmpty();
  }
}
