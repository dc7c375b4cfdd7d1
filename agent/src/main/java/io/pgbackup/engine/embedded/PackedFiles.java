package io.pgbackup.engine.embedded;

import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.ManifestWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// What was packed so far: the manifest in the making (about 40 bytes of memory for each file), the
/// corrupt pages, the progress. Thread-safe.
final class PackedFiles implements AutoCloseable {
  private final BackupListener listener;
  private final ByteArrayOutputStream document = new ByteArrayOutputStream();
  private final ManifestWriter manifest;
  private final List<CorruptFile> corrupt = new ArrayList<>();
  private final AtomicLong files = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  PackedFiles(Manifest head, BackupListener listener) throws IOException {
    this.listener = listener;
    this.manifest = new ManifestWriter(document, head);
  }

  void add(ManifestFile file) throws IOException {
    synchronized (manifest) {
      manifest.add(file);
      if (!file.corruptPages().isEmpty()) {
        corrupt.add(new CorruptFile(file.path(), file.corruptPages()));
      }
    }
    listener.progressed(files.incrementAndGet(), bytes.get());
  }

  /// More content went into the current files.
  void progressed(int more) {
    listener.progressed(files.get(), bytes.addAndGet(more));
  }

  long files() {
    return files.get();
  }

  List<CorruptFile> corruptFiles() {
    synchronized (manifest) {
      return List.copyOf(corrupt);
    }
  }

  /// Ends the manifest; nothing can be added any more.
  byte[] manifest() throws IOException {
    synchronized (manifest) {
      manifest.close();
      return document.toByteArray();
    }
  }

  /// Frees the compressor of a backup that failed.
  @Override
  public void close() throws IOException {
    synchronized (manifest) {
      manifest.close();
    }
  }
}
