package io.pgbackup.lineage;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.UUID;

/// The identity of a data directory: one line of JSON beside it, `<basename>.pgbackup.json`.
/// Readable by everybody, because the server's user reads the UID from it when it archives; it
/// holds no secret.
///
/// Thread-safe: a write replaces the file as a whole.
public record IdentityFile(Path path) {
  /// The file that belongs to a data directory, which need not exist. Symbolic links are followed,
  /// as the server does when it enters the directory.
  public static IdentityFile beside(Path dataDirectory) {
    Path real = realPath(dataDirectory.toAbsolutePath().normalize());
    Path name = real.getFileName();
    if (name == null) {
      throw Problem.misconfigured(
              "the data directory is the root of the file system",
              "Name the directory that holds PG_VERSION.")
          .asException();
    }
    return new IdentityFile(real.resolveSibling(name + ".pgbackup.json"));
  }

  private static Path realPath(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException _) {
      Path parent = path.getParent();
      return parent == null ? path : realPath(parent).resolve(path.getFileName());
    }
  }

  /// @return the identity, or nothing if there is no such file
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if the file cannot be read or
  ///   understood: whose data these are is then unknown
  public Optional<Identity> read() {
    try {
      return Optional.of(LineageJson.readIdentity(Files.readAllBytes(path)));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      throw Problem.refused(
              "the identity " + path + " cannot be read: " + e.getMessage(),
              "Make the file and its folder readable for this user.")
          .causedBy(e);
    } catch (IllegalArgumentException e) {
      throw Problem.refused(
              "the identity " + path + " is damaged: " + e.getMessage(),
              "Restore the file, or remove it so that the lineage is found again from its claim.")
          .causedBy(e);
    }
  }

  /// Writes it so that a reader sees the old line or the new one, also after a crash.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if the folder beside the data cannot
  ///   be written
  public void write(Identity identity) {
    Path temporary = path.resolveSibling(path.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      writeDurably(temporary, LineageJson.write(identity));
      Files.move(temporary, path, ATOMIC_MOVE);
      try (FileChannel folder = FileChannel.open(path.resolveSibling("."), READ)) {
        folder.force(true);
      }
    } catch (IOException e) {
      discard(temporary);
      throw Problem.refused(
              "the identity " + path + " cannot be written: " + e.getMessage(),
              "Let this user create files in " + path.getParent() + ", beside the data directory.")
          .causedBy(e);
    }
  }

  private static void writeDurably(Path file, byte[] content) throws IOException {
    try (FileChannel channel = FileChannel.open(file, CREATE_NEW, WRITE)) {
      // not at creation: the umask would take bits away
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
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
