package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.format.FileDescription;
import io.pgbackup.engine.format.FilesMetadataWriter;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.ManifestWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// What was packed so far: the manifest and `files_metadata.json` in the making (together about 70
/// bytes of memory for each file), the corrupt pages, the progress. Thread-safe.
final class PackedFiles implements AutoCloseable {
  private final BackupListener listener;
  private final ByteArrayOutputStream document = new ByteArrayOutputStream();
  private final ManifestWriter manifest;
  private final FilesMetadataWriter metadata = new FilesMetadataWriter();
  private final List<CorruptFile> corrupt = new ArrayList<>();
  private final AtomicLong files = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  PackedFiles(Manifest head, ObjectCipher cipher, BackupListener listener) throws IOException {
    this.listener = listener;
    this.manifest = new ManifestWriter(document, cipher, head);
  }

  /// A regular file of the data directory.
  void add(ManifestFile file, FileDescription description) throws IOException {
    synchronized (manifest) {
      metadata.add(PartWriter.member(file.path()), description);
    }
    add(file);
  }

  /// A file that WAL-G does not list: the control file, the label.
  void add(ManifestFile file) throws IOException {
    synchronized (manifest) {
      manifest.add(file);
      if (!file.corruptPages().isEmpty()) {
        corrupt.add(new CorruptFile(file.path(), file.corruptPages()));
      }
    }
    listener.progressed(files.incrementAndGet(), bytes.get());
  }

  void directory(String path, FileFacts facts) throws IOException {
    synchronized (manifest) {
      metadata.add(PartWriter.member(path), FileDescription.whole(facts.modified()));
    }
  }

  /// A tar object stands, other than that of the control file.
  void finished(PartWriter part) throws IOException {
    synchronized (manifest) {
      metadata.addTar(part.name(), part.members());
    }
  }

  /// More content went into the current files.
  void progressed(long more) {
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

  /// Writes `files_metadata.json`; nothing can be added any more.
  void writeFilesMetadata(OutputStream sink) throws IOException {
    synchronized (manifest) {
      metadata.writeTo(sink);
    }
  }

  /// Frees the compressors of a backup that failed.
  @Override
  public void close() throws IOException {
    synchronized (manifest) {
      manifest.close();
      metadata.close();
    }
  }
}
