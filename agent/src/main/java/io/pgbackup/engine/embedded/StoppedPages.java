package io.pgbackup.engine.embedded;

import io.pgbackup.postgres.ControlFile;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Checks the checksum of every page of a data directory that no server runs on, tablespaces
/// included, as pg_checksums does.
///
/// @param files of relations that were read
/// @param pages in them
/// @param corrupt `base/5/1259 page 17`, the first hundred
/// @param corruptPages how many there are
public record StoppedPages(int files, long pages, List<String> corrupt, long corruptPages) {
  private static final int CHUNK_PAGES = 64;
  private static final int NAMED_AT_MOST = 100;

  /// Where pg_control keeps the size of a block and the blocks of a file (pg_control.h).
  private static final int BLOCK_SIZE = 216;

  private static final int BLOCKS_PER_FILE = 220;

  /// No page was changed behind it.
  private static final Lsn END = new Lsn(-1);

  public StoppedPages {
    corrupt = List.copyOf(corrupt);
  }

  /// @return nothing where the cluster has no page checksums
  /// @throws io.pgbackup.problem.PgBackupException also when the thread is interrupted
  public static Optional<StoppedPages> check(Path dataDirectory) throws IOException {
    byte[] control = Files.readAllBytes(dataDirectory.resolve(ControlFile.PATH));
    if (!ControlFile.parse(control).checksums()) {
      return Optional.empty();
    }
    ByteBuffer fields = ByteBuffer.wrap(control).order(ByteOrder.nativeOrder());
    return Optional.of(
        new Check(dataDirectory, fields.getInt(BLOCK_SIZE), fields.getInt(BLOCKS_PER_FILE)).all());
  }

  private static final class Check {
    private final Path dataDirectory;
    private final int blockSize;
    private final PageCheck pageCheck;
    private final byte[] buffer;
    private final List<String> corrupt = new ArrayList<>();
    private int files;
    private long pages;
    private long corruptPages;

    private Check(Path dataDirectory, int blockSize, int blocksPerFile) {
      this.dataDirectory = dataDirectory;
      this.blockSize = blockSize;
      this.pageCheck = new PageCheck(blockSize, blocksPerFile, END);
      this.buffer = new byte[CHUNK_PAGES * blockSize];
    }

    private StoppedPages all() throws IOException {
      for (String folder : List.of("global", "base", "pg_tblspc")) {
        Path root = dataDirectory.resolve(folder);
        if (Files.isDirectory(root)) {
          try (Stream<Path> tree = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file : (Iterable<Path>) tree.filter(Files::isRegularFile)::iterator) {
              Optional<RelationFile> relation = relation(file);
              if (relation.isPresent()) {
                check(file, relation.get());
              }
            }
          }
        }
      }
      return new StoppedPages(files, pages, corrupt, corruptPages);
    }

    private Optional<RelationFile> relation(Path file) {
      Path parent = dataDirectory.relativize(file).getParent();
      return parent != null && BackupContent.holdsRelations(parent.toString())
          ? RelationFile.parse(file.getFileName().toString())
          : Optional.empty();
    }

    private void check(Path file, RelationFile relation) throws IOException {
      files++;
      try (FileChannel channel = FileChannel.open(file)) {
        for (long position = 0; ; position += buffer.length) {
          stopIfInterrupted();
          ByteBuffer into = ByteBuffer.wrap(buffer);
          while (into.hasRemaining() && channel.read(into, position + into.position()) >= 0) {}
          int length = into.position();
          for (long page : pageCheck.corruptPages(relation, channel, buffer, length, position)) {
            corruptPages++;
            if (corrupt.size() < NAMED_AT_MOST) {
              corrupt.add(dataDirectory.relativize(file) + " page " + page);
            }
          }
          pages += length / blockSize;
          if (length < buffer.length) {
            return;
          }
        }
      }
    }

    private static void stopIfInterrupted() {
      if (Thread.currentThread().isInterrupted()) {
        throw Problem.timedOut("checking pages was interrupted", "Run the command again.")
            .asException();
      }
    }
  }
}
