package io.pgbackup.archive;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Segments that were fetched ahead, as files of the server's user in `<data
/// directory>.pgbackup-ahead`: beside the data directory (P26) and on the file system of its
/// `pg_wal`, so that a segment gets its place by a rename, while one that comes through the socket
/// has to be written when PostgreSQL waits for it. The folder stands only while files are in it.
///
/// Where the agent may not make it, or `pg_wal` lies elsewhere, there are no such files. They are
/// not flushed to disk: nothing outlives the agent, which clears the folder at its start.
/// Thread-safe.
final class AheadFolder {
  private static final Logger LOGGER = LoggerFactory.getLogger(AheadFolder.class);

  /// So many times its size must be free for a segment: what is fetched ahead never fills the disk.
  private static final long ROOM = 64;

  private static final FileAttribute<Set<PosixFilePermission>> OWN_FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final FileAttribute<Set<PosixFilePermission>> OWN_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final Path dataDirectory;
  private final Path folder;

  /// @param dataDirectory as the agent sees it; it need not exist
  AheadFolder(Path dataDirectory) {
    this.dataDirectory = dataDirectory.toAbsolutePath().normalize();
    this.folder = Path.of(this.dataDirectory + ".pgbackup-ahead");
  }

  /// One segment, until it is closed, which removes it where nobody took it away.
  final class AheadFile implements AutoCloseable {
    private final Path path;
    private final int size;

    private AheadFile(Path path, int size) {
      this.path = path;
      this.size = size;
    }

    Path path() {
      return path;
    }

    /// In bytes.
    int size() {
      return size;
    }

    byte[] read(IntFunction<byte[]> memory) {
      try (FileInputStream stream = new FileInputStream(path.toFile())) {
        return Wire.readWhole(stream, memory.apply(size));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      remove(List.of(path));
    }
  }

  /// @return nothing where it cannot be kept so, for whatever reason
  Optional<AheadFile> keep(String name, byte[] content) {
    Path file = folder.resolve(name + "." + UUID.randomUUID());
    try {
      UserPrincipal owner = Files.getOwner(dataDirectory);
      requireRoom(ROOM * content.length);
      try (ByteChannel channel = create(file, owner)) {
        Wire.writeSliced(channel, content);
      }
      return Optional.of(new AheadFile(file, content.length));
    } catch (IOException | UnsupportedOperationException e) {
      LOGGER
          .atDebug()
          .addKeyValue("file", file)
          .addKeyValue("reason", e.toString())
          .log("segment is kept in memory");
      remove(List.of(file));
      return Optional.empty();
    }
  }

  // together with its folder, which goes with its last file
  private synchronized ByteChannel create(Path file, UserPrincipal owner) throws IOException {
    if (!Files.isDirectory(folder, NOFOLLOW_LINKS)) {
      Files.createDirectory(folder, OWN_FOLDER);
      give(folder, owner);
    }
    requireOneFileSystem();
    ByteChannel channel = Files.newByteChannel(file, Set.of(CREATE_NEW, WRITE), OWN_FILE);
    try {
      give(file, owner);
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void requireRoom(long octets) throws IOException {
    if (Files.getFileStore(dataDirectory).getUsableSpace() < octets) {
      throw new IOException("less than " + octets + " bytes are free");
    }
  }

  private void requireOneFileSystem() throws IOException {
    Object ours = Files.getAttribute(folder, "unix:dev", NOFOLLOW_LINKS);
    if (!ours.equals(Files.getAttribute(dataDirectory.resolve("pg_wal"), "unix:dev"))) {
      throw new IOException("pg_wal is on another file system");
    }
  }

  // of the link itself: its folder is another user's, who could put one to any file here
  private static void give(Path path, UserPrincipal owner) throws IOException {
    FileOwnerAttributeView view =
        Files.getFileAttributeView(path, FileOwnerAttributeView.class, NOFOLLOW_LINKS);
    if (!view.getOwner().equals(owner)) {
      view.setOwner(owner);
    }
  }

  /// Removes what another run left.
  void clear() {
    try (Stream<Path> files = Files.list(folder)) {
      remove(files.toList());
    } catch (IOException | UncheckedIOException _) {
      // most likely there is no such folder
    }
  }

  private synchronized void remove(List<Path> files) {
    try {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException _) {
      // another file is in it, whose end removes it; or it is gone, or not ours to remove
    }
  }
}
