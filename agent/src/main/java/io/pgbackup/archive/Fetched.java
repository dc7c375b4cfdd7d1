package io.pgbackup.archive;

import io.pgbackup.archive.AheadFolder.AheadFile;
import io.pgbackup.archive.TransferSlots.Slot;

/// A WAL file of the archive. Whoever got it closes it.
sealed interface Fetched extends AutoCloseable {
  /// Its bytes.
  ///
  /// @param slot that it was fetched for
  byte[] bytes(Slot slot);

  /// Of the file, in bytes.
  int size();

  @Override
  void close();

  /// Fetched when PostgreSQL asked, or ahead where no file could be.
  final class InMemory implements Fetched {
    private final byte[] content;

    /// @param content stands in the memory of the slot that it was fetched for
    InMemory(byte[] content) {
      this.content = content;
    }

    @Override
    public byte[] bytes(Slot slot) {
      return content;
    }

    @Override
    public int size() {
      return content.length;
    }

    @Override
    public void close() {
      // the slot's
    }
  }

  /// Fetched before PostgreSQL asked.
  record InFile(AheadFile file) implements Fetched {
    @Override
    public byte[] bytes(Slot slot) {
      return file.read(slot::memory);
    }

    @Override
    public int size() {
      return file.size();
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
