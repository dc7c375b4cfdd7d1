package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.walg.WalgArchive.Verdict;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.testing.TestArchive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With stand-ins for wal-g.
class WalgArchiveTest {
  private static final BackupName NAME = new BackupName("base_000000010000000000000002");
  private static final BackupName DELTA =
      new BackupName("base_000000010000000000000002_D_000000010000000000000001");

  @TempDir private Path folder;
  private TestArchive archive;

  // opened by each test
  @SuppressWarnings("NullAway.Init")
  private Walg walg;

  @BeforeEach
  void fill() {
    archive = TestArchive.create(TestArchive.Kind.DIRECTORY, folder);
    for (BackupName name : new BackupName[] {NAME, DELTA}) {
      archive.store().create(archive.layout().sentinel(name), new byte[2], Map.of());
      archive.store().create(archive.layout().metadata(name), new byte[2], Map.of());
    }
  }

  @AfterEach
  void close() {
    if (walg != null) {
      walg.close();
    }
    archive.close();
  }

  @Test
  void aDeletionThatDidNothingIsNoSuccess() throws IOException {
    WalgArchive walgs = given("echo 'INFO: Objects deleted successfully' >&2; exit 0");

    assertThatThrownBy(() -> walgs.delete(NAME))
        .isInstanceOf(PgBackupException.class)
        .hasMessageStartingWith(
            "wal-g delete reported success, and 2 objects of " + NAME + " are still there");
  }

  @Test
  void whatIsGoneIsDeletedAndANameThatBeginsAlikeIsAnotherBackup() throws IOException {
    WalgArchive walgs =
        given("cd \"$WALG_FILE_PREFIX/basebackups_005\" && rm -r \"$3\" \"$3\"_backup_stop*");

    walgs.delete(NAME);

    assertThat(archive.store().head(archive.layout().sentinel(DELTA))).isPresent();
    assertThatThrownBy(() -> walgs.delete(NAME)).hasMessage("there is no base backup " + NAME);
  }

  @Test
  void verdictsAreRead() throws IOException {
    WalgArchive walgs =
        given(
            """
            echo '{"integrity":{"status":"FAILURE","details":[]},"timeline":{"status":"OK"}}'
            """);

    assertThat(walgs.verify()).isEqualTo(new WalgArchive.Verification(Verdict.FAILURE, Verdict.OK));
  }

  @Test
  void rubbishIsNoVerdict() throws IOException {
    WalgArchive walgs = given("echo '{\"integrity\":{\"status\":\"fine\"}}'; echo '}'");

    assertThatThrownBy(walgs::verify).hasMessageContaining("what it printed is no verdict");
  }

  private WalgArchive given(String script) throws IOException {
    walg = Walg.open(archive.config(""), StandIn.versioned(folder, script));
    return walg.archive(archive.store(), archive.layout());
  }
}
