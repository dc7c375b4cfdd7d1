package io.pgbackup.archive;

import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Whether PostgreSQL hands its WAL to our agent: what `archive_command` says, compared with what
/// the documentation gives.
public final class ArchiveCommand {
  /// What is to be thought of a server's settings. Texts are in the form of a [Problem]'s.
  public sealed interface Verdict {
    String found();

    /// It is what the documentation gives.
    record Ours(String found) implements Verdict {}

    /// It is ours and speaks to another socket than the agent's, or to the same by another path.
    record Elsewhere(String found, String remedy) implements Verdict {}

    /// WAL does not come here, or may be lost on the way.
    ///
    /// @param certain otherwise the program is none that we know, and may be a script around ours
    record Foreign(Problem problem, boolean certain) implements Verdict {
      @Override
      public String found() {
        return problem.message();
      }
    }
  }

  static final Path DEFAULT_SOCKET = Path.of("/run/pgbackup/archive.sock");

  private static final String DAEMON_CLIENT = "walg-daemon-client";

  /// Whatever comes before it failed, and PostgreSQL would not learn of it.
  private static final Pattern HIDES_FAILURE =
      Pattern.compile("(\\|\\|\\s*(true|:|exit 0|/bin/true)|;\\s*(true|:|exit 0|/bin/true))\\s*$");

  private ArchiveCommand() {}

  /// @param library `archive_library`, empty where there is none
  /// @param socket on which the agent listens
  public static Verdict judge(String mode, String command, String library, Path socket) {
    String ours = "archive_command = 'pgbackup wal push --socket %s %%p'".formatted(socket);
    if (mode.equals("off")) {
      return certain(
          Problem.postgresFailed(
              "archive_mode is off: no WAL is archived, nothing can be restored to an instant",
              "Set archive_mode = on and " + ours + ", and restart the server."));
    }
    if (!library.isEmpty()) {
      return certain(
          Problem.postgresFailed(
              "archive_library '%s' takes the WAL, and not archive_command".formatted(library),
              "Set archive_library = '' and " + ours + ", and reload the server."));
    }
    if (command.isBlank() || command.equals("(disabled)")) {
      return certain(
          Problem.postgresFailed(
              "archive_command is empty: finished WAL waits in pg_wal",
              "Set " + ours + ", and reload the server."));
    }
    return judge(command, socket, ours);
  }

  private static Verdict certain(Problem problem) {
    return new Verdict.Foreign(problem, /* certain= */ true);
  }

  private static Verdict unknown(Problem problem) {
    return new Verdict.Foreign(problem, /* certain= */ false);
  }

  private static Verdict judge(String command, Path socket, String ours) {
    List<String> words = words(command);
    if (!isOurs(words)) {
      return unknown(
          Problem.postgresFailed(
              "archive_command is not pgbackup's: " + command,
              "Set "
                  + ours
                  + " (or what the same client is called there), and reload the server."));
    }
    if (HIDES_FAILURE.matcher(command).find()) {
      return certain(
          Problem.refused(
              "archive_command hides a failure from PostgreSQL, which then removes WAL that was not"
                  + " archived: "
                  + command,
              "Set " + ours + ", and reload the server."));
    }
    // WAL-G's daemon is given the bare name
    if (!command.contains("%p") && !(isDaemonClient(words) && command.contains("%f"))) {
      return certain(
          Problem.postgresFailed(
              "archive_command does not name the file, which %p stands for: " + command,
              "Set " + ours + ", and reload the server."));
    }
    return judgeSocket(words, command, socket, ours);
  }

  private static Verdict judgeSocket(List<String> words, String command, Path socket, String ours) {
    boolean elsewhere =
        words.stream().anyMatch(word -> word.equals("-c") || word.startsWith("--config"));
    Path spoken =
        option(words, "--socket")
            .or(() -> option(words, "PGBACKUP_WAL_SOCKET"))
            .or(() -> daemonSocket(words))
            .map(Path::of)
            .orElse(DEFAULT_SOCKET);
    if (!elsewhere && !spoken.equals(socket)) {
      return new Verdict.Elsewhere(
          "archive_command speaks to %s, and the agent listens on %s".formatted(spoken, socket),
          "Unless both are one socket seen from two containers, or PGBACKUP_WAL_SOCKET is set in the"
              + " server's environment: set "
              + ours
              + ".");
    }
    return new Verdict.Ours("WAL goes to the agent: " + command);
  }

  private static List<String> words(String command) {
    return Arrays.stream(command.split("[\\s;&|()]+"))
        .map(word -> word.replaceAll("[\"']", ""))
        .filter(word -> !word.isEmpty())
        .toList();
  }

  private static boolean isOurs(List<String> words) {
    int program = program(words, "pgbackup");
    int verb = words.indexOf("wal");
    return isDaemonClient(words)
        || isStaticClient(words)
        || (program >= 0
            && verb > program
            && verb + 1 < words.size()
            && words.get(verb + 1).equals("push"));
  }

  /// The one of the container image.
  private static boolean isStaticClient(List<String> words) {
    int program = program(words, "pgbackup-client");
    return program >= 0 && words.subList(program, words.size()).contains("push");
  }

  /// WAL-G's, which our socket understands too.
  private static boolean isDaemonClient(List<String> words) {
    return program(words, DAEMON_CLIENT) >= 0 && words.contains("wal-push");
  }

  /// Its first argument.
  private static Optional<String> daemonSocket(List<String> words) {
    int at = program(words, DAEMON_CLIENT);
    return at >= 0 && at + 1 < words.size() ? Optional.of(words.get(at + 1)) : Optional.empty();
  }

  private static int program(List<String> words, String name) {
    for (int i = 0; i < words.size(); i++) {
      if (words.get(i).equals(name) || words.get(i).endsWith("/" + name)) {
        return i;
      }
    }
    return -1;
  }

  private static Optional<String> option(List<String> words, String name) {
    int at = words.indexOf(name);
    if (at >= 0 && at + 1 < words.size()) {
      return Optional.of(words.get(at + 1));
    }
    return words.stream()
        .filter(word -> word.startsWith(name + "="))
        .map(word -> word.substring(name.length() + 1))
        .findFirst();
  }
}
