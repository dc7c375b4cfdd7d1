package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.format.FileDescription;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Packs files into parts, one part after the other. Belongs to one thread.
final class FilePacker implements AutoCloseable {
  /// A multiple of every block size that PostgreSQL knows.
  private static final int BUFFER = 256 << 10;

  private final BackupParts parts;
  private final long threshold;
  private final Optional<PageCheck> check;
  private final PackedFiles packed;
  private final byte[] buffer = new byte[BUFFER];
  private final MessageDigest digest = Sha256.digest();
  private Optional<PartWriter> part = Optional.empty();

  /// @param threshold a part with more content than this is finished
  /// @param check absent where the server's pages have no checksums
  FilePacker(BackupParts parts, long threshold, Optional<PageCheck> check, PackedFiles packed) {
    this.parts = parts;
    this.threshold = threshold;
    this.check = check;
    this.packed = packed;
  }

  /// Packs one file as long as it is now: what is added later is cut, what is missing at the end is
  /// filled with zeroes, and a file that is gone is left out. WAL holds what became of it.
  void pack(SourceFile file) throws IOException {
    try (FileChannel source =
        FileChannel.open(
            file.source(), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      pack(file, source, source.size());
    } catch (NoSuchFileException _) {
      return;
    } catch (AccessDeniedException e) {
      throw DataDirectoryWalk.unreadable(file.source().toString(), e);
    }
    if (part.isPresent() && part.get().content() > threshold) {
      finish();
    }
  }

  private void pack(SourceFile file, FileChannel source, long size) throws IOException {
    PartWriter writer = part.isPresent() ? part.get() : open();
    OutputStream member = writer.beginFile(file.path(), file.facts(), size);
    List<Long> corrupt = new ArrayList<>();
    for (long position = 0; position < size; ) {
      int length = (int) Math.min(buffer.length, size - position);
      int read = read(file, source, length);
      Arrays.fill(buffer, read, length, (byte) 0);
      if (check.isPresent() && file.relation().isPresent()) {
        corrupt.addAll(
            check.get().corruptPages(file.relation().get(), source, buffer, read, position));
      }
      digest.update(buffer, 0, length);
      member.write(buffer, 0, length);
      packed.progressed(length);
      position += length;
    }
    writer.endFile();
    packed.add(
        new ManifestFile(file.path(), size, Sha256.hex(digest), writer.name(), corrupt),
        new FileDescription(FileDescription.Content.WHOLE, file.facts().modified(), corrupt));
  }

  /// Reads until the buffer has this many bytes or the file ends.
  private int read(SourceFile file, FileChannel source, int length) throws IOException {
    ByteBuffer into = ByteBuffer.wrap(buffer, 0, length);
    try {
      while (into.hasRemaining() && source.read(into) >= 0) {}
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "reading " + file.source() + " failed: " + e.getMessage(),
              "Look at the disk and the kernel's log: the server cannot read the file either.")
          .causedBy(e);
    }
    return into.position();
  }

  private PartWriter open() throws IOException {
    PartWriter opened = parts.next();
    part = Optional.of(opened);
    return opened;
  }

  /// Finishes the open part, if there is one.
  void finish() throws IOException {
    if (part.isPresent()) {
      try (PartWriter finished = part.get()) {
        part = Optional.empty();
        parts.finish(finished);
        packed.finished(finished);
      }
    }
  }

  /// Throws away a part that is not finished.
  @Override
  public void close() {
    part.ifPresent(PartWriter::close);
  }
}
