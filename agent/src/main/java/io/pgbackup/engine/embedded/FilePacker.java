package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.format.FileDescription;
import io.pgbackup.engine.format.FileDescription.Content;
import io.pgbackup.engine.format.ManifestFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Packs files into parts, one part after the other. Belongs to one thread.
final class FilePacker implements AutoCloseable {
  /// A multiple of every block size that PostgreSQL knows.
  private static final int BUFFER = 256 << 10;

  private final BackupParts parts;
  private final SourceReading reading;
  private final long threshold;
  private final Optional<PageCheck> check;
  private final Optional<DeltaPacker> delta;
  private final PackedFiles packed;
  private final byte[] buffer = new byte[BUFFER];
  private final MessageDigest digest = Sha256.digest();
  private Optional<PartWriter> part = Optional.empty();

  /// @param threshold a part with more content than this is finished
  /// @param check absent where the server's pages have no checksums
  /// @param base what a delta stands on; absent for a full backup
  FilePacker(
      BackupParts parts,
      SourceReading reading,
      long threshold,
      Optional<PageCheck> check,
      Optional<DeltaBase> base,
      PackedFiles packed) {
    this.parts = parts;
    this.reading = reading;
    this.threshold = threshold;
    this.check = check;
    this.delta = base.map(parent -> new DeltaPacker(parent, reading, check, packed));
    this.packed = packed;
  }

  /// Packs one file as long as it is now: what is added later is cut, what is missing at the end is
  /// filled with zeroes, and a file that is gone is left out. WAL holds what became of it.
  void pack(SourceFile file) throws IOException {
    if (delta.isPresent() && delta.get().skip(file)) {
      return;
    }
    try (FileChannel source =
        FileChannel.open(
            file.source(), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      long size = source.size();
      if (delta.isEmpty() || !delta.get().pack(file, source, size, this::part)) {
        pack(file, source, size);
      }
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
    PartWriter writer = part();
    source.position(0);
    long extent = 0;
    OutputStream member = writer.beginFile(file.path(), file.facts(), size);
    List<Long> corrupt = new ArrayList<>();
    for (long position = 0; position < size; ) {
      int length = (int) Math.min(buffer.length, size - position);
      int read = reading.fill(file, source, buffer, length);
      if (check.isPresent() && file.relation().isPresent()) {
        corrupt.addAll(
            check.get().corruptPages(file.relation().get(), source, buffer, read, position));
      }
      extent = extent(position, length, extent);
      digest.update(buffer, 0, length);
      member.write(buffer, 0, length);
      packed.progressed(length);
      position += length;
    }
    writer.endFile();
    packed.add(
        new ManifestFile(
            file.path(),
            size,
            Sha256.hex(digest),
            writer.name(),
            corrupt,
            Content.WHOLE,
            Optional.empty(),
            ChangedPages.mayHave(file, size) ? extent : size),
        new FileDescription(Content.WHOLE, file.facts().modified(), corrupt));
  }

  /// Where the last page ends that is not empty, as far as it was read.
  private long extent(long position, int length, long before) {
    for (int page = (length - 1) / PageHeader.PAGE; page >= 0; page--) {
      int offset = page * PageHeader.PAGE;
      if (length - offset >= PageHeader.PAGE && !PageHeader.isBlank(buffer, offset)) {
        return position + offset + PageHeader.PAGE;
      }
    }
    return before;
  }

  /// The part that is open, or a new one.
  private PartWriter part() throws IOException {
    if (part.isEmpty()) {
      part = Optional.of(parts.next());
    }
    return part.get();
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
