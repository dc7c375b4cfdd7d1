package io.pgbackup.store;

import java.io.OutputStream;

/// One object being written of unknown length: bytes go out in parts of one fixed size while they
/// are written. Nothing is visible before [#complete]. Closing without completing aborts and leaves
/// nothing behind.
///
/// Not thread-safe: one upload belongs to one thread.
public interface ObjectUpload extends AutoCloseable {
  /// Where the bytes go. Blocks while parts are under way, so memory stays bounded.
  OutputStream stream();

  /// Ends the upload and makes the object visible, if no object of that name exists
  /// (`If-None-Match: *`).
  CreateOutcome complete();

  /// Aborts unless completed. Never throws for an upload that is gone already.
  @Override
  void close();
}
