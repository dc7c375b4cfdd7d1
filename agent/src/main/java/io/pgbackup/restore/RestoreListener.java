package io.pgbackup.restore;

import java.util.OptionalLong;

/// Hears how a restore gets on, for whoever watches. Progress is told by several threads;
/// implementations return quickly.
public interface RestoreListener {
  /// A listener for whom nobody watches.
  RestoreListener SILENT = new RestoreListener() {};

  /// A step begins.
  default void begun(RestoreStep step) {}

  /// @param done bytes while fetching, WAL segments while recovering
  /// @param total of the same, where it is known
  default void progress(RestoreStep step, long done, OptionalLong total) {}

  /// Something that was done beside the steps.
  default void note(String message) {}

  /// Something the user should know that does not stop the restore.
  default void warning(String message) {}
}
