package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.PgBackupConfig;
import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.embedded.EmbeddedBackupFetcher;
import io.pgbackup.engine.walg.WalgBackupFetcher;
import io.pgbackup.testing.TestArchive;
import io.pgbackup.testing.TestKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A restore takes wal-g where it was chosen and can do it, and never fails for the lack of it.
class RestoringEngineTest {
  @TempDir private Path folder;
  private TestArchive archive;
  private BackupFetcher embedded;

  @BeforeEach
  void archive() {
    archive = TestArchive.create(TestArchive.Kind.DIRECTORY, folder);
    embedded = new EmbeddedBackupFetcher(archive.store(), archive.layout(), 1);
  }

  @AfterEach
  void close() {
    archive.close();
  }

  @Test
  void walgRestoresWhereItWasChosenForBackups() throws IOException {
    assertThat(fetcher("backup: wal-g", standIn(), "")).isInstanceOf(WalgBackupFetcher.class);
  }

  @Test
  void withoutTheChosenProgramTheEmbeddedOneRestores() {
    assertThat(fetcher("backup: wal-g", folder.resolve("absent"), "")).isSameAs(embedded);
  }

  @Test
  void whereWalgOnlyCarriesWalItIsNotAskedFor() {
    assertThat(fetcher("backup: embedded, wal: wal-g", folder.resolve("absent"), ""))
        .isSameAs(embedded);
  }

  @Test
  void withPreviousKeysTheEmbeddedOneRestoresBecauseWalgHasOneKey() throws IOException {
    TestKeys keys = new TestKeys(folder);
    String encryption =
        "encryption: { method: libsodium, keyTransform: hex, keyFile: %s, previousKeyFiles: [%s] }\n"
            .formatted(keys.file("now", TestKeys.GOLDEN), keys.file("before", TestKeys.GOLDEN));

    assertThat(fetcher("backup: wal-g", standIn(), encryption)).isSameAs(embedded);
  }

  private BackupFetcher fetcher(String engine, Path binary, String more) {
    PgBackupConfig config =
        archive.config("engine: { %s, walgBinary: %s }\n".formatted(engine, binary) + more);
    try (var chosen = new RestoringEngine(config)) {
      return chosen.fetcher(archive.store(), archive.layout(), embedded);
    }
  }

  private Path standIn() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("wal-g"),
            "#!/bin/sh\nprintf 'wal-g version v3.0.9\\tstand-in\\tstand-in\\tPostgreSQL\\n'\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
