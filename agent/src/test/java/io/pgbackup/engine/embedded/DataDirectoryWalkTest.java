package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataDirectoryWalkTest {
  @TempDir private Path folder;
  private Path data;

  @BeforeEach
  void dataDirectory() throws IOException {
    data = Files.createDirectories(folder.resolve("data"));
    Files.createDirectories(data.resolve("pg_tblspc"));
  }

  @Test
  void visitsDirectoriesBeforeTheirContentAndNamesInOrder() throws Exception {
    write("base/5/16384", "base/5/16384_fsm", "base/1/1259", "PG_VERSION");

    assertThat(walk())
        .containsExactly(
            "/",
            "- PG_VERSION",
            "/base",
            "/base/1",
            "- base/1/1259",
            "/base/5",
            "- base/5/16384",
            "- base/5/16384_fsm",
            "/pg_tblspc");
  }

  @Test
  void emptiesWhatTheServerMakesAnew() throws Exception {
    write("pg_wal/000000010000000000000001", "pg_replslot/s/state", "log/today.log", "log2");

    assertThat(walk())
        .containsExactly(
            "/",
            "/log",
            "- log2",
            "/pg_replslot",
            "/pg_tblspc",
            "/pg_wal",
            "/pg_wal/archive_status");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void walBehindASymbolicLinkIsStillADirectory(boolean visible) throws Exception {
    Path wal = folder.resolve("wal");
    if (visible) {
      Files.createDirectories(wal);
      Files.writeString(wal.resolve("000000010000000000000001"), "x");
    }
    Files.createSymbolicLink(data.resolve("pg_wal"), wal);

    assertThat(walk()).containsExactly("/", "/pg_tblspc", "/pg_wal", "/pg_wal/archive_status");
  }

  @Test
  void ofUnloggedRelationsOnlyTheInitForkIsKept() throws Exception {
    write(
        "base/5/20", "base/5/20.1", "base/5/20_vm", "base/5/20_init", "base/5/21", "base/5/t3_22");
    write("conf/20", "conf/20_init");

    assertThat(walk())
        .containsExactly(
            "/",
            "/base",
            "/base/5",
            "- base/5/20_init",
            "- base/5/21",
            "/conf",
            "- conf/20",
            "- conf/20_init",
            "/pg_tblspc");
  }

  @Test
  void foreignLinksArePassedOverAndSaid() throws Exception {
    Path elsewhere = Files.writeString(folder.resolve("secret"), "x");
    Files.createSymbolicLink(data.resolve("postgresql.conf"), elsewhere);
    Files.createSymbolicLink(data.resolve("loop"), data);

    assertThat(walk())
        .containsExactly(
            "/", "? loop: a symbolic link", "/pg_tblspc", "? postgresql.conf: a symbolic link");
  }

  @Test
  void tablespacesAreFollowedIntoTheServersOwnDirectory() throws Exception {
    Path space = folder.resolve("space");
    Files.createDirectories(space.resolve("PG_18_202506291/5"));
    Files.createDirectories(space.resolve("PG_17_202406281/5"));
    Files.writeString(space.resolve("PG_18_202506291/5/16400"), "x");
    Files.writeString(space.resolve("PG_17_202406281/5/16400"), "x");
    Files.writeString(space.resolve("notes"), "x");
    Files.createSymbolicLink(data.resolve("pg_tblspc/16390"), space);

    assertThat(walk())
        .containsExactly(
            "/",
            "/pg_tblspc",
            "/pg_tblspc/16390/PG_18_202506291",
            "/pg_tblspc/16390/PG_18_202506291/5",
            "- pg_tblspc/16390/PG_18_202506291/5/16400");
  }

  @Test
  void aTablespaceInsideTheDataDirectoryIsPackedOnce() throws Exception {
    Path space = data.resolve("spaces/one");
    Files.createDirectories(space.resolve("PG_18_202506291"));
    Files.createSymbolicLink(data.resolve("pg_tblspc/16390"), space);

    assertThat(walk())
        .containsExactly("/", "/pg_tblspc", "/pg_tblspc/16390/PG_18_202506291", "/spaces");
  }

  @Test
  void aTablespaceThatCameLaterIsLeftToWal() throws Exception {
    List<TablespaceLink> before = TablespaceLink.in(data);
    Path space = Files.createDirectories(folder.resolve("space/PG_18_202506291"));
    Files.createSymbolicLink(data.resolve("pg_tblspc/16390"), space.getParent());

    assertThat(walk(before)).containsExactly("/", "/pg_tblspc");
  }

  @Test
  void aTablespaceThatCannotBeSeenFromHereIsNamed() throws Exception {
    Files.createSymbolicLink(data.resolve("pg_tblspc/16390"), folder.resolve("not-mounted"));

    assertThatThrownBy(this::walk)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Misconfigured.class))
        .hasMessageContaining("16390")
        .hasMessageContaining("not-mounted");
  }

  private void write(String... paths) throws IOException {
    for (String path : paths) {
      Path file = data.resolve(path);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "x");
    }
  }

  private List<String> walk() throws IOException, InterruptedException {
    return walk(TablespaceLink.in(data));
  }

  private List<String> walk(List<TablespaceLink> tablespaces)
      throws IOException, InterruptedException {
    List<String> visited = new ArrayList<>();
    new DataDirectoryWalk(data, 18, tablespaces)
        .walk(
            new DataDirectoryWalk.Visitor() {
              @Override
              public void directory(String path, FileFacts facts) {
                visited.add("/" + path);
              }

              @Override
              public void file(SourceFile file) {
                visited.add("- " + file.path());
              }

              @Override
              public void skipped(String path, String reason) {
                visited.add("? " + path + ": " + reason);
              }
            });
    return visited;
  }
}
