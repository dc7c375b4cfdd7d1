package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.archive.ArchiveCommand.Verdict;
import io.pgbackup.problem.ExitStatus;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveCommandTest {
  private static final Path SOCKET = Path.of("/run/pgbackup/archive.sock");

  private static Verdict judge(String command) {
    return ArchiveCommand.judge("on", command, "", SOCKET);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pgbackup wal push %p",
        "/opt/pgbackup/cli/pgbackup wal push %p",
        "/opt/pgbackup/cli/pgbackup wal push --socket /run/pgbackup/archive.sock \"%p\"",
        "'/opt/pg backup/pgbackup' wal push '%p'",
        "pgbackup --config /etc/pgbackup.yaml wal push %p",
        "env PGBACKUP_WAL_SOCKET=/run/pgbackup/archive.sock pgbackup wal push %p",
        "test -f %p && pgbackup wal push %p",
        "/opt/pgbackup/pgbackup-client push %p",
        "pgbackup-client --socket /run/pgbackup/archive.sock push %p",
        "walg-daemon-client /run/pgbackup/archive.sock wal-push %f",
      })
  void knowsOurs(String command) {
    Verdict outcome = judge(command);

    assertThat(outcome.found()).contains(command);
    assertThat(outcome).isInstanceOf(Verdict.Ours.class);
  }

  @ParameterizedTest
  @CsvSource({
    "wal-g wal-push %p, is not pgbackup's",
    "cp %p /mnt/archive/%f, is not pgbackup's",
    "/bin/true, is not pgbackup's",
    "pgbackup wal fetch %f %p, is not pgbackup's",
    "pgbackup-client fetch %f %p, is not pgbackup's",
    "pgbackrest archive-push %p, is not pgbackup's",
    "pgbackup wal push, does not name the file",
    "'', is empty",
    "(disabled), is empty",
  })
  void namesWhatIsNot(String command, String words) {
    assertThat(judge(command))
        .isInstanceOfSatisfying(
            Verdict.Foreign.class,
            fail -> {
              assertThat(fail.found()).contains(words);
              assertThat(fail.problem().hint().orElseThrow())
                  .contains("archive_command = 'pgbackup wal push --socket " + SOCKET + " %p'");
              assertThat(ExitStatus.of(fail.problem())).isEqualTo(ExitStatus.POSTGRES);
              assertThat(fail.certain())
                  .as("a program that nobody knows may be a script around ours")
                  .isEqualTo(!words.contains("not pgbackup's"));
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pgbackup wal push %p || true",
        "pgbackup wal push %p; exit 0",
        "pgbackup wal push %p || :",
      })
  void aHiddenFailureLosesWal(String command) {
    assertThat(judge(command))
        .isInstanceOfSatisfying(
            Verdict.Foreign.class,
            fail -> assertThat(ExitStatus.of(fail.problem())).isEqualTo(ExitStatus.REFUSED));
  }

  @Test
  void anotherSocketIsAWarning() {
    assertThat(judge("pgbackup wal push --socket /tmp/other.sock %p"))
        .isInstanceOfSatisfying(
            Verdict.Elsewhere.class,
            warn -> assertThat(warn.found()).contains("/tmp/other.sock", SOCKET.toString()));
    // where WAL-G's own daemon still runs
    assertThat(judge("walg-daemon-client /tmp/wal-g wal-push %f"))
        .isInstanceOfSatisfying(
            Verdict.Elsewhere.class, warn -> assertThat(warn.found()).contains("/tmp/wal-g"));
    assertThat(ArchiveCommand.judge("on", "pgbackup wal push %p", "", Path.of("/srv/archive.sock")))
        .isInstanceOf(Verdict.Elsewhere.class);
  }

  @Test
  void whatGoesBeforeTheCommandIsSaidFirst() {
    assertThat(ArchiveCommand.judge("off", "pgbackup wal push %p", "", SOCKET).found())
        .contains("archive_mode is off");
    assertThat(ArchiveCommand.judge("on", "pgbackup wal push %p", "basic_archive", SOCKET).found())
        .contains("basic_archive");
  }
}
