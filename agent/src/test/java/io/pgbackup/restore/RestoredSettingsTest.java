package io.pgbackup.restore;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.postgres.process.ServerUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoredSettingsTest {
  @TempDir private Path folder;

  private RestorePaths paths;
  private RestoredSettings settings;
  private Path old;

  /// What each file held, and the names in each folder, when it was made durable last.
  private final Map<Path, String> durable = new HashMap<>();

  @BeforeEach
  void setUp() throws IOException {
    paths = RestorePaths.of(folder.resolve("data"));
    settings = new RestoredSettings(paths, ServerUser.ourselves(), this::force);
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
  void whatTheFilesIncludeIsTodaysInEveryForm() throws IOException {
    write(
        old,
        "postgresql.conf",
        """
        include_dir = conf.d # no quotes
        include 'more/one.conf'
        INCLUDE_IF_EXISTS = more/two.conf
        include_if_exists 'more/none.conf'
        #include 'more/comment.conf'
        include_dir 'linked'
        include '/etc/elsewhere.conf'
        include '../outside.conf'
        include_dir 'base'
        """);
    write(old, "pg_hba.conf", "include \"hba/rules\"\n");
    write(folder, "outside.conf", "outside");
    for (String name :
        List.of("conf.d/a.conf", "more/two.conf", "more/three.conf", "hba/rules", "base/1")) {
      write(old, name, "today");
      write(paths.staging(), name, "backup");
    }
    write(old, "more/comment.conf", "today");
    write(old, "more/one.conf", "include 'three.conf'\n");
    Files.createSymbolicLink(old.resolve("linked"), Path.of("/etc"));
    write(paths.staging(), "linked/a.conf", "backup");

    settings.keepThoseOf(old);

    Path staging = paths.staging();
    assertThat(staging.resolve("conf.d/a.conf")).hasContent("today");
    assertThat(staging.resolve("more/one.conf")).hasContent("include 'three.conf'");
    assertThat(staging.resolve("more/two.conf")).hasContent("today");
    assertThat(staging.resolve("more/three.conf")).hasContent("today");
    assertThat(staging.resolve("more/comment.conf")).doesNotExist();
    assertThat(staging.resolve("hba/rules")).hasContent("today");
    assertThat(Files.readSymbolicLink(staging.resolve("linked"))).isEqualTo(Path.of("/etc"));
    assertThat(staging.resolve("base/1")).hasContent("backup");
    assertThat(paths.workspace().resolve("outside.conf")).doesNotExist();
  }

  @Test
  void everythingWrittenIsOnDiskInTheEnd() throws IOException {
    write(old, "postgresql.conf", "include_dir 'conf.d'\ninclude 'a/b/c.conf'\n");
    write(old, "postgresql.auto.conf", "work_mem = '1MB'\nrecovery_target_xid = '7'\n");
    write(old, "conf.d/a.conf", "today");
    write(old, "a/b/c.conf", "today");

    settings.keepThoseOf(old);

    Path staging = paths.staging();
    for (String name :
        List.of("postgresql.conf", "postgresql.auto.conf", "conf.d/a.conf", "a/b/c.conf")) {
      assertThat(durable.get(staging.resolve(name))).isEqualTo(seen(staging.resolve(name)));
    }
    for (String name : List.of("", "conf.d", "a", "a/b")) {
      Path folder = staging.resolve(name).normalize();
      assertThat(durable.get(folder)).as(name).isEqualTo(seen(folder));
    }
  }

  private void force(Path path) throws IOException {
    durable.put(path, seen(path));
  }

  private static String seen(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return Files.readString(path);
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.map(Path::toString).sorted().collect(joining(" "));
    }
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
