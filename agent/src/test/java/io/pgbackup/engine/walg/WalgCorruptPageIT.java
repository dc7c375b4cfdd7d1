package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgbackup.config.PgBackupConfig.PagePolicy;
import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.Throttle;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A page that does not hold its checksum, and a real wal-g that backs it up.
class WalgCorruptPageIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  @Test
  void isReportedOrKeepsTheBackupFromBeingOffered() throws IOException {
    Path binary = RealWalg.binary();
    try (TestArchive archive = TestArchive.create(TestArchive.Kind.DIRECTORY, folder);
        ArchivePump pump =
            new ArchivePump(
                folder.resolve("spool"),
                new EmbeddedWalEngine(
                    archive.store(), archive.layout(), Codec.LZ4, Optional.empty()));
        TestPostgres postgres =
            TestPostgres.builder(PostgresRelease.NEWEST)
                .setting("archive_mode", "on")
                .setting("archive_command", pump.archiveCommand())
                .create(folder.resolve("data"))
                .start();
        Walg walg = Walg.open(WalgConfigs.of(archive, postgres.configOverSocket()), binary)) {
      String path = damage(postgres);

      TakenBackup recorded = push(walg, archive, postgres, PagePolicy.RECORD);
      assertThat(recorded.corruptFiles()).containsExactly(new CorruptFile(path, List.of(3L)));

      Problem problem =
          Optional.ofNullable(
                  catchThrowableOfType(
                      PgBackupException.class,
                      () -> push(walg, archive, postgres, PagePolicy.FAIL)))
              .orElseThrow()
              .problem();
      assertThat(problem.message()).endsWith("1 corrupt page: " + path + " page 3");
      BackupName withdrawn = theWithdrawnOne(archive);
      assertThat(problem.hint().orElseThrow())
          .contains(archive.layout().backup(withdrawn).path())
          .contains("'wal-g delete target %s --confirm'".formatted(withdrawn));

      walg.archive(archive.store(), archive.layout()).delete(withdrawn);

      assertThat(marks(archive)).as("what the hint says removes all of it").isEmpty();
      assertThat(archive.store().head(archive.layout().sentinel(recorded.name()))).isPresent();
    }
  }

  /// wal-g had stored it, and nobody is offered it.
  private static BackupName theWithdrawnOne(TestArchive archive) {
    List<String> marks = marks(archive);
    assertThat(marks).hasSize(1);
    String[] key = marks.getFirst().split("/");
    return BackupName.tryParse(key[key.length - 2]).orElseThrow();
  }

  private static List<String> marks(TestArchive archive) {
    try (Stream<StoredObject> objects =
        archive.store().list(archive.layout().baseBackups().path())) {
      return objects
          .map(object -> object.key().value())
          .filter(key -> key.contains("withdrawn"))
          .toList();
    }
  }

  private static String damage(TestPostgres postgres) throws IOException {
    postgres.sql(
        "create table words (id int, word text);"
            + "insert into words select i, 'w' from generate_series(1, 10000) i");
    String path = postgres.value("select pg_relation_filepath('words')");
    postgres.stop();
    try (RandomAccessFile content =
        new RandomAccessFile(postgres.dataDirectory().resolve(path).toFile(), "rw")) {
      content.seek(3 * 8192 + 4000);
      int octet = content.read();
      content.seek(3 * 8192 + 4000);
      content.write(octet ^ 1);
    }
    postgres.start();
    return path;
  }

  private static TakenBackup push(
      Walg walg, TestArchive archive, TestPostgres postgres, PagePolicy policy) {
    return walg.backups(
            archive.store(),
            archive.layout(),
            postgres.configOverSocket(),
            new WalgBackupEngine.Settings(
                Packing.plain(Codec.LZ4),
                0,
                DeltaRules.NEVER,
                Optional.empty(),
                new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE),
                Throttle.NONE,
                policy),
            Clock.systemUTC())
        .push(BackupRequest.FULL, new QuietListener());
  }
}
