package io.pgbackup.lineage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityFileTest {
  private static final Identity CHILD =
      new Identity(
          new ClusterId("shop", "orders"),
          new LineageUid("5d6c"),
          SystemIdentifier.parse("18446744073709551615"),
          Optional.of(
              new Parent(new LineageUid("4a1b"), new Timeline(3), Lsn.parse("16/B374D848"))));

  @TempDir Path folder;

  @Test
  void whatIsWrittenIsReadAgain() {
    IdentityFile file = IdentityFile.beside(folder.resolve("data"));

    file.write(CHILD);

    assertThat(file.read()).contains(CHILD);
    assertThat(file.path()).hasFileName("data.pgbackup.json").hasParent(folder);
  }

  @Test
  void itIsOneLineThatTheServersUserCanRead() throws IOException {
    IdentityFile file = IdentityFile.beside(folder.resolve("data"));

    file.write(CHILD);

    assertThat(file.path())
        .hasContent(
            """
            {"cluster":"orders","namespace":"shop","uid":"5d6c",\
            "systemIdentifier":"18446744073709551615",\
            "parent":{"uid":"4a1b","timeline":3,"branchPoint":"16/B374D848"}}
            """);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())))
        .isEqualTo("rw-r--r--");
  }

  @Test
  void aWriteReplacesTheWholeFileAndLeavesNothingElse() throws IOException {
    IdentityFile file = IdentityFile.beside(folder.resolve("data"));
    file.write(CHILD);
    Identity other =
        new Identity(
            CHILD.cluster(), new LineageUid("x"), CHILD.systemIdentifier(), Optional.empty());

    file.write(other);

    assertThat(file.read()).contains(other);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file.path());
    }
  }

  @Test
  void itLiesBesideTheRealDirectoryBehindALink() throws IOException {
    Path real = Files.createDirectories(folder.resolve("volume/pg"));
    Path link = Files.createSymbolicLink(folder.resolve("data"), real);

    assertThat(IdentityFile.beside(link).path())
        .isEqualTo(folder.toRealPath().resolve("volume/pg.pgbackup.json"));
  }

  @Test
  void withoutAFileThereIsNoIdentity() {
    assertThat(IdentityFile.beside(folder.resolve("data")).read()).isEmpty();
  }

  @Test
  void aDamagedFileIsRefusedByName() throws IOException {
    IdentityFile file = IdentityFile.beside(folder.resolve("data"));
    Files.writeString(file.path(), "{\"cluster\":\"orders\"");

    assertThatThrownBy(file::read)
        .hasMessageContaining(file.path().toString())
        .extracting(e -> ((PgBackupException) e).problem())
        .isInstanceOf(Problem.Refused.class);
  }
}
