package io.pgbackup.archive;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Segments that were fetched ahead, as files of the server's user in `<data
/// directory>.pgbackup-ahead`: beside the data directory (P26) and on the file system of its
/// `pg_wal`, so that a segment gets its place by a rename, while one that comes through the socket
/// has to be written when PostgreSQL waits for it. The folder stands only while files are in it.
///
/// Where the agent may not make it, or `pg_wal` lies elsewhere, there are no such files. They are
/// not flushed to disk: nothing outlives the agent, which clears the folder at its start.
///
/// The agent may be root, and the folder and perhaps its parent are another user's, who can put
/// links there: everything is reached through open folders, never through a link, and a file is
/// only read through the channel that wrote it. Thread-safe.
final class AheadFolder {
  private static final Logger LOGGER = LoggerFactory.getLogger(AheadFolder.class);

  /// So many times its size must be free for a segment: what is fetched ahead never fills the disk.
  private static final long ROOM = 64;

  private static final Pattern OURS = Pattern.compile("[0-9A-F]{24}\\.[0-9a-f-]{36}");

  private static final FileAttribute<Set<PosixFilePermission>> OWN_FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Path dataDirectory;
  private final Path parent;
  private final Path name;

  /// @param dataDirectory as the agent sees it; it need not exist
  AheadFolder(Path dataDirectory) {
    this.dataDirectory = dataDirectory.toAbsolutePath().normalize();
    Path above = this.dataDirectory.getParent();
    this.parent = above == null ? this.dataDirectory : above;
    this.name = Path.of(this.dataDirectory.getFileName() + ".pgbackup-ahead");
  }

  /// One segment, until it is closed, which removes it where nobody took it away.
  final class AheadFile implements AutoCloseable {
    private final Path file;
    private final SeekableByteChannel channel;
    private final int size;

    private AheadFile(Path file, SeekableByteChannel channel, int size) {
      this.file = file;
      this.channel = channel;
      this.size = size;
    }

    Path path() {
      return parent.resolve(name).resolve(file);
    }

    /// In bytes.
    int size() {
      return size;
    }

    byte[] read(IntFunction<byte[]> memory) {
      try {
        return Wire.readWhole(Channels.newInputStream(channel.position(0)), memory.apply(size));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      discard(file, channel);
    }
  }

  /// @return nothing where it cannot be kept so, for whatever reason
  Optional<AheadFile> keep(String segment, byte[] content) {
    Path file = Path.of(segment + "." + UUID.randomUUID());
    SeekableByteChannel channel = null;
    boolean kept = false;
    try {
      UserPrincipal owner = Files.getOwner(dataDirectory);
      requireRoom(ROOM * content.length);
      channel = create(file, owner);
      Wire.writeSliced(channel, content);
      kept = true;
      return Optional.of(new AheadFile(file, channel, content.length));
    } catch (IOException | UnsupportedOperationException e) {
      LOGGER
          .atDebug()
          .addKeyValue("folder", name)
          .addKeyValue("reason", e.toString())
          .log("segment is kept in memory");
      return Optional.empty();
    } finally {
      if (!kept) {
        discard(file, channel);
      }
    }
  }

  // together with its folder, which goes with its last file
  private synchronized SeekableByteChannel create(Path file, UserPrincipal owner)
      throws IOException {
    boolean made = false;
    if (!Files.exists(parent.resolve(name), NOFOLLOW_LINKS)) {
      Files.createDirectory(parent.resolve(name), OWN_FOLDER);
      made = true;
    }
    try (DirectoryStream<Path> above = Files.newDirectoryStream(parent);
        SecureDirectoryStream<Path> folder =
            secure(above).newDirectoryStream(name, NOFOLLOW_LINKS)) {
      PosixFileAttributeView view = folder.getFileAttributeView(PosixFileAttributeView.class);
      if (made) {
        ServerFile.give(view, owner);
      } else if (!view.getOwner().equals(owner)) {
        throw new IOException("the folder is of " + view.getOwner());
      }
      requireOneFileSystem();
      SeekableByteChannel channel =
          folder.newByteChannel(
              file, Set.of(CREATE_NEW, READ, WRITE, NOFOLLOW_LINKS), ServerFile.MODE);
      try {
        ServerFile.give(
            folder.getFileAttributeView(file, PosixFileAttributeView.class, NOFOLLOW_LINKS), owner);
        return channel;
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    }
  }

  private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream)
      throws IOException {
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    throw new IOException("this system opens no file relative to a folder");
  }

  private void requireRoom(long octets) throws IOException {
    if (Files.getFileStore(parent).getUsableSpace() < octets) {
      throw new IOException("less than " + octets + " bytes are free");
    }
  }

  private void requireOneFileSystem() throws IOException {
    Object ours = Files.getAttribute(parent.resolve(name), "unix:dev", NOFOLLOW_LINKS);
    if (!ours.equals(Files.getAttribute(dataDirectory.resolve("pg_wal"), "unix:dev"))) {
      throw new IOException("pg_wal is on another file system");
    }
  }

  /// Removes what another run left; nothing that has not a name of ours.
  synchronized void clear() {
    try (DirectoryStream<Path> above = Files.newDirectoryStream(parent)) {
      SecureDirectoryStream<Path> around = secure(above);
      try (SecureDirectoryStream<Path> folder = around.newDirectoryStream(name, NOFOLLOW_LINKS)) {
        for (Path entry : folder) {
          Path file = Path.of(entry.getFileName().toString());
          if (OURS.matcher(file.toString()).matches()) {
            folder.deleteFile(file);
          }
        }
      }
      around.deleteDirectory(name);
    } catch (IOException | RuntimeException _) {
      // most likely there is no such folder
    }
  }

  private synchronized void discard(Path file, @Nullable SeekableByteChannel channel) {
    try (channel;
        DirectoryStream<Path> above = Files.newDirectoryStream(parent)) {
      SecureDirectoryStream<Path> around = secure(above);
      try (SecureDirectoryStream<Path> folder = around.newDirectoryStream(name, NOFOLLOW_LINKS)) {
        folder.deleteFile(file);
      } catch (NoSuchFileException _) {
        // whoever wanted it took it
      }
      around.deleteDirectory(name);
    } catch (IOException | RuntimeException _) {
      // another file is in it, whose end removes it; or it is gone, or not ours to remove
    }
  }
}
