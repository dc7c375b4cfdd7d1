package io.pgbackup.engine.walg;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A program that has said it is wal-g, and which one.
///
/// @param version as it says it, such as `v3.0.9`
record WalgBinary(Path path, String version) {
  private static final Logger LOG = LoggerFactory.getLogger(WalgBinary.class);
  private static final Duration QUICK = Duration.ofSeconds(20);
  private static final Pattern SAYS =
      Pattern.compile("wal-g version (v?(\\d+)\\.\\S*)\\s.*\\b(PostgreSQL)\\b.*");
  private static final int LEAST_MAJOR = 3;
  private static final int KNOWN_MAJOR = 3;

  /// Asks the program for its version.
  ///
  /// @param directory for what the run leaves
  /// @throws PgBackupException `Misconfigured` if there is no such program, or if it is no wal-g
  ///   for PostgreSQL of version 3 or newer
  static WalgBinary ask(Path path, Path directory) {
    requireExecutable(path);
    List<String> said = say(path, directory);
    Matcher matcher = SAYS.matcher(said.isEmpty() ? "" : said.getFirst());
    if (!matcher.matches()) {
      throw notUsable(
          path
              + " does not say that it is wal-g for PostgreSQL"
              + (said.isEmpty() ? "" : ": " + shortened(said.getFirst())));
    }
    int major = Integer.parseInt(matcher.group(2));
    if (major < LEAST_MAJOR) {
      throw notUsable("%s is wal-g %s, which is too old".formatted(path, matcher.group(1)));
    }
    if (major > KNOWN_MAJOR) {
      LOG.atWarn()
          .addKeyValue("binary", path)
          .addKeyValue("version", matcher.group(1))
          .log("this version of wal-g is newer than the ones that pgbackup was tested with");
    }
    return new WalgBinary(path, matcher.group(1));
  }

  private static void requireExecutable(Path path) {
    if (!Files.isRegularFile(path)) {
      throw notUsable("there is no wal-g at " + path);
    }
    if (!Files.isExecutable(path)) {
      throw notUsable(path + " may not be executed by the agent's user");
    }
  }

  private static List<String> say(Path path, Path directory) {
    var command =
        new WalgProcess.Command(
            List.of(path.toString(), "--version"), Map.of(), directory, new Redaction(List.of()));
    WalgRun.Ended ended = WalgRun.run(command, WalgRun.Patience.of(QUICK), new Children(), _ -> {});
    if (!ended.exit().succeeded()) {
      PgBackupException failure = ended.exit().failure(path + " --version");
      throw notUsable(failure.problem().message());
    }
    return ended.output();
  }

  private static String shortened(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }

  private static PgBackupException notUsable(String message) {
    return Problem.misconfigured(
            message,
            "Name a wal-g 3 for PostgreSQL with engine.walgBinary, or set engine.backup and"
                + " engine.wal to embedded.")
        .asException();
  }
}
