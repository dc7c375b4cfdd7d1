package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.Marks;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.ObjectUpload;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;

/// One tar object being filled, as WAL-G names its members: a leading slash, directories without
/// one at the end. Extended headers are written only for what a plain one cannot hold. Nothing
/// stands in the store before [#finish]; closing without it leaves nothing.
///
/// Not thread-safe.
final class PartWriter implements AutoCloseable {
  private static final int PRIVATE = 0600;

  private final ObjectKey key;
  private final ObjectUpload upload;
  private final Counter stored;
  private final Head head;
  private final TarWriter tar;
  private final List<String> members = new ArrayList<>();
  private long content;

  PartWriter(ObjectStore store, ObjectKey key, Packing packing) throws IOException {
    this.key = key;
    this.upload = store.upload(key, keptBeside(packing));
    this.stored = new Counter(upload.stream());
    try {
      this.head = new Head(packing.packing(stored));
      this.tar = new TarWriter(head);
    } catch (IOException | RuntimeException e) {
      upload.close();
      throw e;
    }
  }

  /// So that a restore without the key can say which it needs.
  private static Map<String, String> keptBeside(Packing packing) {
    return packing
        .cipher()
        .fingerprint()
        .map(fingerprint -> Map.of(Marks.KEY, fingerprint))
        .orElse(Map.of());
  }

  ObjectKey key() {
    return key;
  }

  /// The first bytes of the tar, or all of them.
  byte[] head() {
    return head.bytes();
  }

  /// The object's name inside `tar_partitions`.
  String name() {
    return key.name();
  }

  /// The members so far, spelled as in the tar.
  List<String> members() {
    return members;
  }

  /// Bytes of file content so far.
  long content() {
    return content;
  }

  /// Bytes that went to the store; all of them once it is finished.
  long stored() {
    return stored.count;
  }

  /// @param path below the data directory, empty for itself
  void directory(String path, FileFacts facts) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(member(path), TarConstants.LF_DIR, true);
    describe(entry, facts);
    begin(entry);
    tar.end();
  }

  /// Begins a member; exactly `size` bytes must follow, then [#endFile].
  OutputStream beginFile(String path, FileFacts facts, long size) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(member(path), TarConstants.LF_NORMAL, true);
    describe(entry, facts);
    entry.setSize(size);
    content += size;
    return begin(entry);
  }

  void endFile() throws IOException {
    tar.end();
  }

  /// A whole member under its bare name, of nobody and of no time, as WAL-G writes the label.
  void label(String name, byte[] bytes) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name, TarConstants.LF_NORMAL, true);
    entry.setMode(PRIVATE);
    entry.setModTime(0);
    entry.setSize(bytes.length);
    begin(entry).write(bytes);
    tar.end();
    content += bytes.length;
  }

  /// How a path below the data directory is spelled in a tar.
  static String member(String path) {
    return "/" + path;
  }

  private OutputStream begin(TarArchiveEntry entry) throws IOException {
    members.add(entry.getName());
    return tar.begin(entry);
  }

  private static void describe(TarArchiveEntry entry, FileFacts facts) {
    entry.setMode(facts.mode());
    entry.setUserId(facts.uid());
    entry.setGroupId(facts.gid());
    entry.setModTime(facts.modified().getEpochSecond() * 1000);
  }

  /// Ends the tar and makes the object visible.
  void finish() throws IOException {
    tar.close();
    if (upload.complete() instanceof CreateOutcome.AlreadyThere) {
      throw Problem.refused(
              "somebody else wrote " + key + " while this backup was under way",
              "Find out which other agent backs up into this lineage.")
          .asException();
    }
  }

  @Override
  public void close() {
    upload.close();
  }

  /// Remembers what was written first.
  private static final class Head extends FilterOutputStream {
    private static final int LENGTH = 64 << 10;

    private final ByteArrayOutputStream first = new ByteArrayOutputStream();

    Head(OutputStream out) {
      super(out);
    }

    byte[] bytes() {
      return first.toByteArray();
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      first.write(bytes, offset, Math.min(length, LENGTH - first.size()));
    }

    /// A codec that is flushed packs worse, and LZMA cannot be flushed.
    @Override
    public void flush() {}
  }

  /// Counts, and keeps the codec from closing what the upload owns.
  private static final class Counter extends FilterOutputStream {
    private long count;

    Counter(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      count += length;
    }

    @Override
    public void close() throws IOException {
      flush();
    }
  }
}
