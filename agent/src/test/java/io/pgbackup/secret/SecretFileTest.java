package io.pgbackup.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecretFileTest {
  private static final int STRANGERS = 4242;

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void write() {
    file = PrivateFile.write(folder.resolve("key"), " s3cr3t \r\n");
  }

  @Test
  void readsWhatOnlyItsOwnerCanRead() {
    assertThat(SecretFile.text(file, "key file")).isEqualTo("s3cr3t");
    assertThat(SecretFile.line(file, "key file")).isEqualTo(" s3cr3t ");
  }

  @ParameterizedTest
  @CsvSource({
    "rw-r--r--, every user",
    "rw----r--, every user",
    "rw-----w-, every user",
    "rw--w----, its group"
  })
  void refusesWhatOthersCanReadOrChange(String permissions, String who) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));

    assertRefused(file, who, "chmod 0600 " + file.toRealPath());
  }

  /// The files of a Secret with `defaultMode: 0400` in a pod with `fsGroup` are root's, and
  /// readable for that group, which is a supplementary one of every process in the pod.
  @ParameterizedTest
  @CsvSource({
    "0400, true, false, true",
    "0440, true, true, true",
    "0640, true, true, true",
    "0440, true, false, false",
    "0440, false, true, false",
    "0640, false, false, false",
    "0660, true, true, false",
    "0450, true, true, false",
    "0444, true, true, false",
    "0604, false, false, false",
    "0600, false, false, true"
  })
  void followsPostgresqlsRuleForKeyFiles(
      String mode, boolean roots, boolean groupIsOurs, boolean accepted) {
    assertThat(SecretFile.exposure(Integer.parseInt(mode, 8), roots, groupIsOurs).isEmpty())
        .isEqualTo(accepted);
  }

  @Test
  void knowsWhatSystemdLoaded() throws IOException {
    Path real = file.toRealPath();

    assertThat(SecretFile.isOfSystemd(real, folder.toString())).isTrue();
    assertThat(SecretFile.isOfSystemd(real, null)).isFalse();
    assertThat(SecretFile.isOfSystemd(real, "")).isFalse();
    assertThat(SecretFile.isOfSystemd(real, folder.resolve("none").toString())).isFalse();
    assertThat(SecretFile.isOfSystemd(real, folder + "/ke")).isFalse();
  }

  @Test
  void knowsTheGroupsOfThisProcess() throws IOException {
    int own = (Integer) Files.getAttribute(file, "unix:gid");

    assertThat(OwnIds.groups()).contains(own).doesNotContain(STRANGERS);
  }

  @Test
  void takesARootsFileOnlyForAGroupOfOurs() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root gives files away");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r-----"));
    assertThat(SecretFile.text(file, "key file")).isEqualTo("s3cr3t");

    Files.setAttribute(file, "unix:gid", STRANGERS);

    assertRefused(file, "its group, mode 0440", "chmod 0600");
  }

  @Test
  void followsTheLinksOfAMountedSecretThroughASwap() throws IOException {
    // given: as the kubelet lays it out
    Path mount = Files.createDirectory(folder.resolve("mount"));
    PrivateFile.write(Files.createDirectory(mount.resolve("..2026_a")).resolve("key"), "first");
    Files.createSymbolicLink(mount.resolve("..data"), Path.of("..2026_a"));
    Path link = Files.createSymbolicLink(mount.resolve("key"), Path.of("..data", "key"));
    assertThat(SecretFile.text(link, "key file")).isEqualTo("first");

    // when
    PrivateFile.write(Files.createDirectory(mount.resolve("..2026_b")).resolve("key"), "second");
    Files.createSymbolicLink(mount.resolve("..data_tmp"), Path.of("..2026_b"));
    Files.move(
        mount.resolve("..data_tmp"), mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);

    // then
    assertThat(SecretFile.text(link, "key file")).isEqualTo("second");
  }

  @Test
  void followsNoLinkOutOfItsFolder() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path link = Files.createSymbolicLink(inner.resolve("key"), file);

    assertRefused(link, "a link that leads out of its folder, to " + file.toRealPath(), "Name");
  }

  @Test
  void theFolderItselfMayBeALink() throws IOException {
    Path elsewhere = Files.createSymbolicLink(folder.resolve("linked"), folder);

    assertThat(SecretFile.text(elsewhere.resolve("key"), "key file")).isEqualTo("s3cr3t");
  }

  @Test
  void saysWhatIsMissingEmptyOrNoFile() throws IOException {
    assertRefused(folder.resolve("none"), "cannot read the key file", "exists");
    assertRefused(Files.createDirectory(folder.resolve("folder")), "is no file", "Name");
    assertRefused(PrivateFile.write(folder.resolve("empty"), " \n"), "is empty", "Put");
    assertRefused(
        PrivateFile.write(folder.resolve("large"), new byte[2 << 20]), "far too large", "Name");
  }

  @Test
  void createsFilesThatOnlyItsUserReads() throws IOException {
    Path made = SecretFile.create(folder.resolve("made"), new byte[] {'x'});

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
        .isEqualTo("rw-------");
    assertThatThrownBy(() -> SecretFile.create(made, new byte[0])).isInstanceOf(IOException.class);

    Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rw-r--r--"));
    SecretFile.overwrite(made).close();
    assertThat(made).isEmptyFile();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
        .isEqualTo("rw-------");
  }

  private static void assertRefused(Path secret, String message, String hint) {
    assertThatThrownBy(() -> SecretFile.text(secret, "key file"))
        .hasMessageContaining(message)
        .hasMessageContaining(secret.toString())
        .hasMessageNotContaining("s3cr3t")
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure.problem()).isInstanceOf(Problem.Misconfigured.class);
              assertThat(failure.problem().hint().orElse("")).contains(hint);
            });
  }
}
