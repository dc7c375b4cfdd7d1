package io.pgbackup.credentials.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

class CredentialFileTest {
  @TempDir private Path folder;

  private final SimulatedBroker broker = new SimulatedBroker(Duration.ofHours(1), _ -> false);

  private CredentialDocument credential() {
    return broker.issue(
        SimulatedBroker.holder(SimulatedBroker.ORDERS), Role.ARCHIVER, Optional.empty());
  }

  private CredentialFile file(String mode) {
    return new CredentialFile(
        folder.resolve("archiver.json"), PosixFilePermissions.fromString(mode));
  }

  @Test
  void readsBackWhatItWroteAndLeavesNothingBeside() throws IOException {
    CredentialFile file = file("rw-------");
    assertThat(file.current()).isEmpty();
    CredentialDocument second = credential();

    file.write(credential());
    file.write(second);

    assertThat(file.current()).contains(second);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())))
        .isEqualTo("rw-------");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(file.path());
    }
  }

  @Test
  void theGroupMayBeLetIn() throws IOException {
    CredentialFile file = file("rw-r-----");

    file.write(credential());

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())))
        .isEqualTo("rw-r-----");
  }

  @Test
  void aFileThatItsGroupReadsStaysSoAndOneThatEverybodyReadsDoesNot() throws IOException {
    CredentialFile file = file("rw-r-----");
    assertThat(CredentialFile.at(file.path()).mode()).isEqualTo(CredentialFile.OWNER_ONLY);

    file.write(credential());

    assertThat(CredentialFile.at(file.path()).mode()).isEqualTo(file.mode());
    Files.setPosixFilePermissions(file.path(), PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(CredentialFile.at(file.path()).mode()).isEqualTo(CredentialFile.OWNER_ONLY);
  }

  @Test
  void theGroupThatIsLetInStaysTheSame() throws IOException {
    GroupPrincipal agents = anotherGroup();
    CredentialFile file = file("rw-r-----");
    Files.createFile(file.path());
    Files.getFileAttributeView(file.path(), PosixFileAttributeView.class).setGroup(agents);

    file.write(credential());
    file.write(credential());

    assertThat(Files.readAttributes(file.path(), PosixFileAttributes.class).group())
        .isEqualTo(agents);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())))
        .isEqualTo("rw-r-----");
  }

  @Test
  void aFolderMayGiveItsGroupToTheFirstFile() throws IOException {
    GroupPrincipal agents = anotherGroup();
    Files.getFileAttributeView(folder, PosixFileAttributeView.class).setGroup(agents);
    Files.setAttribute(folder, "unix:mode", 02750);
    CredentialFile file = file("rw-r-----");

    file.write(credential());

    assertThat(Files.readAttributes(file.path(), PosixFileAttributes.class).group())
        .isEqualTo(agents);
  }

  /// One that this user may give a file to, and that new files do not have by themselves.
  private GroupPrincipal anotherGroup() throws IOException {
    Path probe = Files.createFile(folder.resolve("probe"));
    var view = Files.getFileAttributeView(probe, PosixFileAttributeView.class);
    GroupPrincipal own = view.readAttributes().group();
    UserPrincipalLookupService names = folder.getFileSystem().getUserPrincipalLookupService();
    for (String line : Files.readAllLines(Path.of("/etc/group"))) {
      GroupPrincipal other = names.lookupPrincipalByGroupName(line.substring(0, line.indexOf(':')));
      try {
        view.setGroup(other);
      } catch (FileSystemException _) {
        continue;
      }
      if (!other.equals(own)) {
        Files.delete(probe);
        return other;
      }
    }
    throw new TestAbortedException("this user is in one group only");
  }

  @Test
  void anEmptyFileIsAPlaceAndNotACredential() throws IOException {
    CredentialFile file = file("rw-------");
    Files.createFile(file.path());

    assertThat(file.current()).isEmpty();
    file.write(credential());
    assertThat(file.current()).isPresent();
  }

  @Test
  void somethingElseIsNotReplaced() throws IOException {
    CredentialFile file = file("rw-------");
    Files.writeString(file.path(), "root:x:0:0\n");

    assertThatThrownBy(() -> file.write(credential()))
        .isInstanceOf(PgBackupException.class)
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .isInstanceOf(Problem.Refused.class);
    assertThat(file.path()).hasContent("root:x:0:0\n");
  }

  @Test
  void aFolderThatIsMissingIsNamedWithoutTheSecret() {
    CredentialFile file =
        new CredentialFile(folder.resolve("none/archiver.json"), CredentialFile.OWNER_ONLY);

    assertThatThrownBy(() -> file.write(credential()))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("none/archiver.json")
        .hasMessageNotContaining("secret");
  }
}
