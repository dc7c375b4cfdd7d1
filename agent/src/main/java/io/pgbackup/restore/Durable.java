package io.pgbackup.restore;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Makes files, and the names in folders, survive a loss of power.
interface Durable {
  Durable ON_DISK =
      path -> {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
          channel.force(true);
        }
      };

  /// @param path a regular file or a folder
  void force(Path path) throws IOException;
}
