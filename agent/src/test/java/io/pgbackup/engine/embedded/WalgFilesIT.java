package io.pgbackup.engine.embedded;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.TestPostgres;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Base backups of ours that hold what is big, much, or does not keep still, restored by stock
/// wal-g.
class WalgFilesIT {
  private static final long GIBIBYTE = 1L << 30;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  // opened before each test
  @SuppressWarnings("NullAway.Init")
  private DeltaLab lab;

  @BeforeEach
  void open() throws Exception {
    StockWalg.over(folder);
    lab = new DeltaLab(folder, PostgresRelease.NEWEST, Map.of("autovacuum", "off"));
  }

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void walgRestoresATableOfMoreThanAGibibyteFromMoreThanAThousandParts() throws Exception {
    // given: more than a thousand files, and more content than a part may have in one of them
    TestPostgres postgres = lab.postgres().start();
    postgres.sql("create database further");
    postgres.sql(
        "create table big as select i, md5(i::text) word from generate_series(1, 20000) i");
    Path file = path("big");
    postgres.stop();
    try (RandomAccessFile segment = new RandomAccessFile(file.toFile(), "rw")) {
      // pages that are empty are what a table grows by; the file system keeps none of them
      segment.setLength(GIBIBYTE);
    }
    Path next = Files.write(file.resolveSibling(file.getFileName() + ".1"), new byte[8192]);
    postgres.user().own(next);
    postgres.start();
    postgres.sql("insert into big select i, 'behind' from generate_series(1, 3000) i");
    assertThat(Files.size(next)).as("the second file is used").isGreaterThan(8192);
    Map<String, String> expected = lab.tables();

    // when
    TakenBackup backup = lab.push(BackupRequest.FULL, DeltaLab.settings(2, 1), new QuietListener());
    postgres.close();

    // then
    try (Stream<StoredObject> parts =
        lab.store().list(DeltaLab.LAYOUT.tarPartitions(backup.name()).path())) {
      assertThat(parts.map(part -> part.key().name())).contains("part_1000.tar.zst");
    }
    assertThat(lab.manifest(backup.name()).values())
        .extracting(ManifestFile::size)
        .contains(GIBIBYTE);
    assertThat(lab.restored(lab.walg(backup.name()))).isEqualTo(expected);
  }

  @Test
  void walgRestoresWhatGrewShrankAndVanishedWhileWeReadIt() throws Exception {
    // given: read one after the other in the order of their making
    TestPostgres postgres = lab.postgres().start();
    for (String table : List.of("shrinking", "growing", "vanishing")) {
      postgres.sql(
          "create table %s as select i, repeat(md5(i::text), 20) word from generate_series(1, 15000) i"
              .formatted(table));
    }
    String shrinking = member("shrinking");
    String growing = member("growing");
    String vanishing = member("vanishing");
    InTheMiddleOfTables middle =
        new InTheMiddleOfTables(
            List.of(
                () -> {
                  postgres.sql("delete from shrinking where i > 500");
                  postgres.sql("vacuum shrinking");
                  postgres.sql("drop table vanishing");
                  postgres.sql("checkpoint");
                },
                () -> {
                  postgres.sql("insert into growing select i, word from growing");
                  postgres.sql("checkpoint");
                }));

    // when
    TakenBackup backup = lab.push(BackupRequest.FULL, DeltaLab.settings(1, 4 << 20), middle);

    // then
    Map<String, ManifestFile> files = lab.manifest(backup.name());
    assertThat(requireNonNull(files.get(shrinking)).size())
        .as("it was longer when its reading began")
        .isGreaterThan(Files.size(postgres.dataDirectory().resolve(shrinking)));
    assertThat(requireNonNull(files.get(growing)).size())
        .as("it was shorter when its reading began")
        .isLessThan(Files.size(postgres.dataDirectory().resolve(growing)));
    assertThat(files).doesNotContainKey(vanishing);
    Map<String, String> expected = lab.tables();
    postgres.close();
    assertThat(expected).containsOnlyKeys("shrinking", "growing");
    assertThat(lab.restored(lab.walg(backup.name()))).isEqualTo(expected);
    assertThat(lab.restored(lab.ours(backup.name()))).isEqualTo(expected);
  }

  private Path path(String table) {
    return lab.postgres().dataDirectory().resolve(member(table));
  }

  private String member(String table) {
    return lab.postgres().value("select pg_relation_filepath('%s')".formatted(table));
  }

  /// Does one thing after the other, each in the middle of another file that takes long to read.
  private static final class InTheMiddleOfTables extends QuietListener {
    private static final int LONG = 20;

    private final List<Runnable> actions;
    private int done;
    private long files = -1;
    private int calls;

    InTheMiddleOfTables(List<Runnable> actions) {
      this.actions = actions;
    }

    @Override
    public synchronized void progressed(long filesSoFar, long bytes) {
      calls = filesSoFar == files ? calls + 1 : 0;
      files = filesSoFar;
      if (calls == LONG && done < actions.size()) {
        actions.get(done++).run();
      }
    }
  }
}
