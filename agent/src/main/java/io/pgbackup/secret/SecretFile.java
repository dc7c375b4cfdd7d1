package io.pgbackup.secret;

import static java.util.Objects.requireNonNull;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A file that holds a secret, read only where nobody else can read or change it: by the rule that
/// PostgreSQL has for its key file. A file of root's may be readable for a group that this process
/// belongs to, as the files of a Kubernetes Secret are in a pod with `fsGroup`; or for a group at
/// all in the directory of systemd's `LoadCredential=`, where that means the service's user alone.
///
/// A link is followed while it stays inside its own folder, as those of a mounted Secret do.
/// Otherwise whoever may write a link there would choose what is read.
///
/// Stateless; messages name the file, never what is in it.
public final class SecretFile {
  private static final String CREDENTIALS_DIRECTORY = "CREDENTIALS_DIRECTORY";
  private static final int GREATEST = 1 << 20;
  private static final int GROUP_READ = 0040;
  private static final int GROUP_WRITE_AND_EXECUTE = 0030;
  private static final int OTHERS = 0007;
  private static final int PERMISSIONS = 07777;

  private static final FileAttribute<Set<PosixFilePermission>> OWN =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private SecretFile() {}

  /// @param what the kind of file, for messages: `credential file`
  /// @throws PgBackupException `Misconfigured` if it cannot be read, or others can
  public static byte[] read(Path file, String what) {
    try {
      Path real = resolve(file, what);
      Map<String, Object> attributes =
          Files.readAttributes(real, "unix:mode,uid,gid,isRegularFile", LinkOption.NOFOLLOW_LINKS);
      if (!Boolean.TRUE.equals(attributes.get("isRegularFile"))) {
        throw fault(file, what, "is no file", "Name a file that holds the secret.");
      }
      int mode = (Integer) requireNonNull(attributes.get("mode")) & PERMISSIONS;
      boolean roots = Integer.valueOf(0).equals(attributes.get("uid"));
      Optional<String> others =
          exposure(
              mode,
              roots,
              OwnIds.groups().contains(attributes.get("gid"))
                  || isOfSystemd(real, System.getenv(CREDENTIALS_DIRECTORY)));
      if (others.isPresent()) {
        throw fault(
            file,
            what,
            "can be read or changed by others: %s, mode %04o".formatted(others.get(), mode),
            "Run: chmod 0600 %s. On Kubernetes give the Secret's volume defaultMode: 0400 and the pod an fsGroup."
                .formatted(real));
      }
      return content(real, file, what);
    } catch (IOException e) {
      throw Problem.misconfigured(
              "cannot read the " + what + " " + file,
              "Check that it exists and that the user that runs pgbackup may read it.")
          .causedBy(e);
    }
  }

  /// Without the white space at both ends, and never empty.
  ///
  /// @throws PgBackupException as [#read]
  public static String text(Path file, String what) {
    String text = new String(read(file, what), StandardCharsets.UTF_8).strip();
    if (text.isEmpty()) {
      throw fault(file, what, "is empty", "Put the secret into it.");
    }
    return text;
  }

  /// Without the line ends behind it; white space may belong to the secret.
  ///
  /// @throws PgBackupException as [#read]
  public static String line(Path file, String what) {
    return new String(read(file, what), StandardCharsets.UTF_8).replaceFirst("[\\r\\n]+$", "");
  }

  /// Writes a new file that only this user can read.
  ///
  /// @throws IOException also where something of this name exists
  public static Path create(Path file, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWN)) {
      ByteBuffer left = ByteBuffer.wrap(content);
      while (left.hasRemaining()) {
        channel.write(left);
      }
    }
    return file;
  }

  /// Opens an empty file that only this user can read, instead of what may be left of one.
  public static FileChannel overwrite(Path file) throws IOException {
    Files.deleteIfExists(file);
    return FileChannel.open(
        file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OWN);
  }

  /// Who else gets at a file of this mode; empty where nobody does.
  ///
  /// @param roots whether it is root's
  /// @param groupIsOurs whether this process is in its group, or that is only a list's mask
  static Optional<String> exposure(int mode, boolean roots, boolean groupIsOurs) {
    if ((mode & OTHERS) != 0) {
      return Optional.of("every user");
    }
    if ((mode & GROUP_WRITE_AND_EXECUTE) != 0) {
      return Optional.of("its group");
    }
    if ((mode & GROUP_READ) != 0 && !(roots && groupIsOurs)) {
      return Optional.of("its group");
    }
    return Optional.empty();
  }

  /// systemd gives the service's user the right to read by an access control list, whose mask looks
  /// like a right of the group.
  ///
  /// @param directory where systemd says that it put this service's credentials
  static boolean isOfSystemd(Path real, @Nullable String directory) throws IOException {
    return directory != null
        && directory.startsWith("/")
        && Files.isDirectory(Path.of(directory))
        && real.startsWith(Path.of(directory).toRealPath());
  }

  private static Path resolve(Path file, String what) throws IOException {
    Path absolute = file.toAbsolutePath();
    Path parent = absolute.getParent();
    Path real = absolute.toRealPath();
    if (parent == null || !real.startsWith(parent.toRealPath())) {
      throw fault(
          file,
          what,
          "is a link that leads out of its folder, to " + real,
          "Name the file itself, " + real + ".");
    }
    return real;
  }

  private static byte[] content(Path real, Path file, String what) throws IOException {
    try (FileChannel channel =
        FileChannel.open(real, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      byte[] content = Channels.newInputStream(channel).readNBytes(GREATEST + 1);
      if (content.length > GREATEST) {
        throw fault(file, what, "is far too large for a secret", "Name the right file.");
      }
      return content;
    }
  }

  private static PgBackupException fault(Path file, String what, String fault, String hint) {
    return Problem.misconfigured("the %s %s %s".formatted(what, file, fault), hint).asException();
  }
}
