package io.pgbackup.archive;

import io.pgbackup.archive.AheadFolder.AheadFile;
import io.pgbackup.archive.TransferSlots.Slot;

/// A WAL file of the archive. Whoever got it closes it.
sealed interface Fetched extends AutoCloseable {
  /// @param content stands in the memory of the slot that it was fetched for
  record InMemory(byte[] content) implements Fetched {
    @Override
    public void close() {
      // the slot's
    }
  }

  /// Fetched before PostgreSQL asked.
  record InFile(AheadFile file) implements Fetched {
    @Override
    public void close() {
      file.close();
    }
  }

  /// Its bytes.
  ///
  /// @param slot that it was fetched for
  default byte[] bytes(Slot slot) {
    return switch (this) {
      case InMemory(byte[] content) -> content;
      case InFile(AheadFile file) -> file.read(slot::memory);
    };
  }

  default int size() {
    return switch (this) {
      case InMemory(byte[] content) -> content.length;
      case InFile(AheadFile file) -> file.size();
    };
  }

  @Override
  void close();
}
