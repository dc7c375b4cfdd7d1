package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.process.ServerUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoredSettingsTest {
  @TempDir private Path folder;

  private RestorePaths paths;
  private RestoredSettings settings;
  private Path old;

  @BeforeEach
  void setUp() throws IOException {
    paths = RestorePaths.of(folder.resolve("data"));
    settings = new RestoredSettings(paths, ServerUser.ourselves());
    old = Files.createDirectory(paths.dataDirectory());
    Files.createDirectories(paths.staging());
    write(paths.staging(), "postgresql.conf", "port = 1 # of the backup\n");
    write(paths.staging(), "PG_VERSION", "new");
    write(paths.staging(), "postmaster.opts", "ours");
  }

  @Test
  void inPlaceTodaysFilesAreKept() throws IOException {
    write(old, "postgresql.conf", "port = 2 # of today\ninclude_dir = 'conf.d'\n");
    write(old, "postgresql.auto.conf", "work_mem = '1MB'\nrecovery_target_xid = '7'\n");
    write(old, "server.key", "secret");
    write(old, "PG_VERSION", "old");
    write(old, "postmaster.pid", "1");
    write(old, "base/1/2", "old data");
    write(old, "conf.d/a.conf", "today");
    write(paths.staging(), "conf.d/a.conf", "backup");
    write(paths.staging(), "conf.d/gone.conf", "backup");
    Files.createSymbolicLink(old.resolve("pg_hba.conf"), Path.of("/etc/postgresql/pg_hba.conf"));

    settings.keepThoseOf(old);

    Path staging = paths.staging();
    assertThat(staging.resolve("postgresql.conf")).content().startsWith("port = 2");
    assertThat(staging.resolve("postgresql.auto.conf")).hasContent("work_mem = '1MB'\n");
    assertThat(staging.resolve("server.key")).hasContent("secret");
    assertThat(Files.readSymbolicLink(staging.resolve("pg_hba.conf")))
        .isEqualTo(Path.of("/etc/postgresql/pg_hba.conf"));
    assertThat(staging.resolve("conf.d/a.conf")).hasContent("today");
    assertThat(staging.resolve("conf.d/gone.conf")).doesNotExist();
    assertThat(staging.resolve("PG_VERSION")).hasContent("new");
    assertThat(staging.resolve("base")).doesNotExist();
    assertThat(staging.resolve("postmaster.pid")).doesNotExist();
    assertThat(staging.resolve("postmaster.opts")).doesNotExist();
  }

  @Test
  void keepingThemTwiceIsTheSame() throws IOException {
    write(old, "postgresql.conf", "port = 2\n");

    settings.keepThoseOf(old);
    settings.keepThoseOf(old);

    assertThat(paths.staging().resolve("postgresql.conf")).hasContent("port = 2\n");
  }

  @Test
  void aTargetIsTakenOutAndNothingElse() {
    assertThat(
            RestoredSettings.withoutTargets(
                """
                # recovery_target_time is a comment
                recovery_target_time = '2026-11-21'
                recovery_target_action='promote'
                 recovery_target_timeline 'latest'
                restore_command = 'x'
                """))
        .isEqualTo(
            """
            # recovery_target_time is a comment
            restore_command = 'x'
            """);
  }

  private static void write(Path folder, String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }
}
