package io.pgbackup.postgres.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A server that somebody else started, as `postmaster.opts` and `postmaster.pid` describe it.
///
/// @param program the `postgres` it was started from
/// @param arguments all that followed on its command line
/// @param output the regular file that it prints to, where that can be seen
public record RunningServer(
    long pid,
    Path dataDirectory,
    Path program,
    List<String> arguments,
    int port,
    Optional<Path> output) {
  public RunningServer {
    arguments = List.copyOf(arguments);
  }

  /// The arguments without `-D DIR`, for a start with an explicit directory.
  public List<String> argumentsAfterDirectory() {
    List<String> kept = new ArrayList<>();
    for (int index = 0; index < arguments.size(); index++) {
      String argument = arguments.get(index);
      if (argument.equals("-D")) {
        index++;
      } else if (!argument.startsWith("-D")) {
        kept.add(argument);
      }
    }
    return kept;
  }
}
