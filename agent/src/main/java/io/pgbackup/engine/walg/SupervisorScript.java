package io.pgbackup.engine.walg;

import io.pgbackup.problem.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The small shell that stands between us and a program: it leads a session of its own, and nothing
/// in that session outlives it or us.
///
/// Its standard input is a pipe that only we hold. A line on it asks the program to end (SIGTERM);
/// its end, also when we are killed, kills the whole session. When the program has ended by itself,
/// its status is written to a file, and then whatever it left behind is killed, the shell included.
final class SupervisorScript {
  private static final String TEXT =
      """
      umask 077
      exec 3<&0 </dev/null
      "$@" 3<&- &
      child=$!
      (
        while read -r _ <&3; do kill -s TERM "$child"; done
        kill -s KILL -- "-$$"
      ) >/dev/null 2>&1 &
      wait "$child"
      echo "$?" >"$0"
      exec >/dev/null 2>&1
      kill -s KILL -- "-$$"
      """;

  private static final List<Path> PLACES =
      List.of(Path.of("/usr/bin/setsid"), Path.of("/bin/setsid"), Path.of("/usr/sbin/setsid"));

  private SupervisorScript() {}

  /// @param statusFile gets the exit status as a line; 128 and the signal's number where one ended
  ///   the program. It stays away where the session was killed
  static List<String> command(Path statusFile, List<String> program) {
    List<String> command = new ArrayList<>();
    command.add(setsid().toString());
    command.addAll(List.of("/bin/sh", "-c", TEXT, statusFile.toString()));
    command.addAll(program);
    return command;
  }

  private static Path setsid() {
    return PLACES.stream()
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () ->
                Problem.misconfigured(
                        "the program setsid is missing, without which wal-g could outlive the agent",
                        "Install util-linux, or set engine.backup and engine.wal to embedded.")
                    .asException());
  }
}
