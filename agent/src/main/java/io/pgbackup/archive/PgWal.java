package io.pgbackup.archive;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import io.pgbackup.archive.AheadFolder.AheadFile;
import io.pgbackup.archive.TransferSlots.Slot;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// `pg_wal` of the data directory as the agent sees it, for clients that send names instead of
/// bytes. Thread-safe.
final class PgWal {
  private static final Pattern DESTINATION =
      Pattern.compile("(?:\\./)?pg_wal/([A-Za-z0-9][A-Za-z0-9._-]{0,63})");

  private static final String READY = ".ready";
  private static final int TIMELINE_DIGITS = 8;

  private final Path dataDirectory;

  PgWal(Path dataDirectory) {
    this.dataDirectory = dataDirectory.toAbsolutePath().normalize();
  }

  /// The size of a file that PostgreSQL has finished, in bytes.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if PostgreSQL did not mark it as
  ///   finished: a clone that kept the old command would otherwise have half a segment of ours
  ///   archived under the name of its own
  long size(WalFileName name) {
    Path status = file(name).resolveSibling("archive_status");
    Path file = file(name);
    if (!Files.exists(status.resolve(name.text() + READY))
        && !Files.exists(status.resolve(name.text() + ".done"))) {
      throw Problem.refused(
              name.text() + " is not marked as ready to be archived in " + status,
              "Send the request from the server whose data directory the agent is configured with.")
          .asException();
    }
    try {
      if (!Files.isRegularFile(file, NOFOLLOW_LINKS)
          || Files.size(file) > SocketProtocol.MAX_CONTENT) {
        throw Problem.refused(
                file + " is no WAL file", "Look at it: PostgreSQL makes regular files here.")
            .asException();
      }
      return Files.size(file);
    } catch (IOException e) {
      throw notRead(file, e);
    }
  }

  /// Segments that wait to be archived behind this one, on its timeline, in their order.
  ///
  /// @return none where this user cannot look
  List<WalFileName.Segment> readyBehind(WalFileName.Segment segment, int most) {
    Path status = file(segment).resolveSibling("archive_status");
    try (Stream<Path> files = Files.list(status)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(READY))
          .map(name -> name.substring(0, name.length() - READY.length()))
          .filter(name -> WalSegment.isSegmentName(name) && isBehind(name, segment.text()))
          .sorted()
          .limit(most)
          .map(WalFileName.Segment::new)
          .toList();
    } catch (IOException | UncheckedIOException _) {
      return List.of();
    }
  }

  private static boolean isBehind(String name, String other) {
    return name.regionMatches(0, other, 0, TIMELINE_DIGITS) && name.compareTo(other) > 0;
  }

  /// The content of such a file.
  ///
  /// @param memory gives an array of the size that it is asked for
  byte[] read(WalFileName name, IntFunction<byte[]> memory) {
    try (FileInputStream stream = new FileInputStream(file(name).toFile())) {
      return Wire.readWhole(stream, memory.apply(Math.toIntExact(stream.getChannel().size())));
    } catch (IOException e) {
      throw notRead(file(name), e);
    }
  }

  private Path file(WalFileName name) {
    return dataDirectory.resolve("pg_wal").resolve(name.text());
  }

  private static PgBackupException notRead(Path file, IOException e) {
    return Problem.postgresFailed(
            file + " cannot be read: " + e,
            "Let the agent's user read the data directory, or use a client that sends the bytes.")
        .causedBy(e);
  }

  /// Where a fetched file may go: a name directly inside `pg_wal`, relative to the data directory
  /// or absolute. PostgreSQL and pg_rewind ask for nothing else.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` for any other place
  Path destination(String text) {
    String prefix = dataDirectory + "/";
    String relative = text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    Matcher matcher = DESTINATION.matcher(relative);
    if (!matcher.matches()) {
      throw Problem.refused(
              "'" + text + "' is no place for a WAL file",
              "Give %p as the destination: pg_wal/NAME inside the data directory.")
          .asException();
    }
    return dataDirectory.resolve("pg_wal").resolve(matcher.group(1));
  }

  /// Makes the file appear as a whole. An existing file is never replaced. It is not flushed to
  /// disk: PostgreSQL flushes what it keeps of it (`durable_rename`), and asks again after a crash.
  void deliver(Path destination, Fetched fetched, Slot slot) {
    Path temporary = destination.resolveSibling(".pgbackup-" + UUID.randomUUID() + ".tmp");
    try {
      if (!(fetched instanceof Fetched.InFile(AheadFile file)) || !moved(file, destination)) {
        write(temporary, fetched.bytes(slot));
        publish(temporary, destination);
      }
    } catch (FileAlreadyExistsException e) {
      throw Problem.refused(
              destination + " exists already",
              "PostgreSQL removes an old file before it asks; remove it if no server uses it.")
          .causedBy(e);
    } catch (IOException e) {
      throw Problem.postgresFailed(
              destination + " cannot be written: " + e,
              "Let the agent's user write to pg_wal, or use a client that receives the bytes.")
          .causedBy(e);
    } finally {
      discard(temporary);
    }
  }

  private static boolean moved(AheadFile file, Path destination) throws IOException {
    try {
      publish(file.path(), destination);
      return true;
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (IOException _) {
      // the same file system mounted twice, for instance
      return false;
    }
  }

  private void write(Path temporary, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(temporary, Set.of(CREATE_NEW, WRITE), ServerFile.MODE)) {
      ServerFile.give(
          Files.getFileAttributeView(temporary, FileOwnerAttributeView.class, NOFOLLOW_LINKS),
          Files.getOwner(dataDirectory));
      Wire.writeSliced(channel, content);
    }
  }

  // a hard link fails where the name exists; a rename would replace it
  private static void publish(Path temporary, Path destination) throws IOException {
    try {
      Files.createLink(destination, temporary);
    } catch (UnsupportedOperationException _) {
      Files.move(temporary, destination);
    }
  }

  private static void discard(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException _) {
      // it has no name that PostgreSQL looks for; what happened before is what matters
    }
  }
}
