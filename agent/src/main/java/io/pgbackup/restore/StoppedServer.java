package io.pgbackup.restore;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A server that this restore stopped, so that it can be started again the same way.
///
/// @param program its `postgres`
/// @param arguments its command line without the data directory
/// @param output the file that it printed to
record StoppedServer(Path program, List<String> arguments, Optional<Path> output) {
  StoppedServer {
    arguments = List.copyOf(arguments);
  }
}
