package io.pgbackup.credentials.broker;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// A credential in a file, swapped as a whole: a temporary file beside it is filled, forced to disk
/// and renamed. At no moment is it readable by others than the mode says. Where that lets the group
/// in, the new file has the group of the old one.
///
/// @param mode never with rights for others
public record CredentialFile(Path path, Set<PosixFilePermission> mode) implements CredentialSink {
  public static final Set<PosixFilePermission> OWNER_ONLY =
      Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
  private static final Set<PosixFilePermission> OWNER_AND_GROUP =
      Set.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.GROUP_READ);

  /// For its owner only, and for its group where that may read what lies there so far.
  public static CredentialFile at(Path path) {
    return new CredentialFile(path, isForGroup(path) ? OWNER_AND_GROUP : OWNER_ONLY);
  }

  private static boolean isForGroup(Path path) {
    try {
      Set<PosixFilePermission> now = Files.getPosixFilePermissions(path);
      return OWNER_AND_GROUP.containsAll(now) && now.contains(PosixFilePermission.GROUP_READ);
    } catch (IOException _) {
      // not there yet, or what writes it says what is wrong
      return false;
    }
  }

  public CredentialFile {
    mode = Set.copyOf(mode);
  }

  @Override
  public String name() {
    return path.toString();
  }

  /// An empty file counts as none: somebody may have made it to say who owns it.
  @Override
  public Optional<CredentialDocument> current() {
    try {
      byte[] content = Files.readAllBytes(path);
      return content.length == 0
          ? Optional.empty()
          : Optional.of(CredentialDocument.parse(content));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      throw Problem.misconfigured(
              "cannot read the credential in " + path + ": " + e,
              "Let this user read and replace the file.")
          .causedBy(e);
    } catch (IllegalArgumentException e) {
      throw Problem.refused(
              "%s holds something else than a credential: %s".formatted(path, e.getMessage()),
              "Name another file, or move this one away.")
          .causedBy(e);
    }
  }

  @Override
  public void write(CredentialDocument document) {
    var _ = current();
    replace(document.json());
  }

  /// The same for a credential in another form than [CredentialDocument].
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if it cannot be written
  public void replace(byte[] content) {
    Path temporary = path.resolveSibling(path.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      writeDurably(temporary, content);
      Files.move(temporary, path, ATOMIC_MOVE);
      try (FileChannel folder = FileChannel.open(path.resolveSibling("."), READ)) {
        folder.force(true);
      }
    } catch (IOException e) {
      discard(temporary);
      throw Problem.misconfigured(
              "cannot write the credential to " + path + ": " + e,
              "The folder must exist, and this user must be able to create files in it.")
          .causedBy(e);
    }
  }

  private void writeDurably(Path file, byte[] content) throws IOException {
    var ownerOnly = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
    try (FileChannel channel = FileChannel.open(file, Set.of(CREATE_NEW, WRITE), ownerOnly)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      keepGroup(file);
      // not at creation: the umask would take bits away
      Files.setPosixFilePermissions(file, mode);
      channel.force(true);
    }
  }

  private void keepGroup(Path file) throws IOException {
    if (!mode.contains(PosixFilePermission.GROUP_READ) || !Files.exists(path)) {
      return;
    }
    GroupPrincipal group = Files.readAttributes(path, PosixFileAttributes.class).group();
    var attributes = Files.getFileAttributeView(file, PosixFileAttributeView.class);
    if (attributes.readAttributes().group().equals(group)) {
      return;
    }
    try {
      attributes.setGroup(group);
    } catch (IOException e) {
      throw new IOException("this user may not give the new file to the group " + group, e);
    }
  }

  private static void discard(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException _) {
      // the failure that led here is the one to report
    }
  }
}
