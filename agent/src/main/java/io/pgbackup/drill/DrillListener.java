package io.pgbackup.drill;

import io.pgbackup.restore.RestoreListener;
import java.nio.file.Path;

/// Hears how a drill gets on.
public interface DrillListener extends RestoreListener {
  DrillListener SILENT = new DrillListener() {};

  default void checked(DrillCheck check) {}

  /// The restored data stay there, stopped.
  default void kept(Path dataDirectory) {}
}
