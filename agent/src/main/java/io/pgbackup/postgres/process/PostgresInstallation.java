package io.pgbackup.postgres.process;

import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// PostgreSQL's programs of one version.
///
/// @param binDirectory absolute; holds at least `postgres`, `pg_ctl` and `initdb`
public record PostgresInstallation(Path binDirectory, ServerVersion version) {
  private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+)(?:\\.(\\d+))?");

  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is no `postgres` in the
  ///   directory, `PostgresFailed` if it does not say its version
  public static PostgresInstallation in(Path binDirectory) {
    Path postgres = binDirectory.resolve("postgres");
    if (!Programs.isExecutable(postgres)) {
      throw Problem.notFound(
              "there is no program postgres in " + binDirectory,
              "Give the directory that holds postgres and pg_ctl with --pg-bin-dir.")
          .asException();
    }
    CommandResult result =
        Commands.run(List.of(postgres.toString(), "--version"), Duration.ofSeconds(20));
    return new PostgresInstallation(
        realPath(binDirectory),
        parseVersion(result.output())
            .orElseThrow(
                () ->
                    Problem.postgresFailed(
                            postgres + " --version answers '" + result.output() + "'",
                            "Check that this is PostgreSQL's server program.")
                        .asException()));
  }

  /// An installation of this major version: the explicit directory, or else the first of the
  /// packages' usual places and PATH that has it.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is none, `Misconfigured` if
  ///   the explicit directory holds another major version
  public static PostgresInstallation find(int major, Optional<Path> explicit) {
    if (explicit.isPresent()) {
      PostgresInstallation found = in(explicit.get());
      if (found.version().major() != major) {
        throw Problem.misconfigured(
                "%s holds PostgreSQL %s, but %d is needed"
                    .formatted(explicit.get(), found.version(), major),
                "Give the bin directory of PostgreSQL " + major + " with --pg-bin-dir.")
            .asException();
      }
      return found;
    }
    for (Path candidate : candidates(major)) {
      if (Programs.isExecutable(candidate.resolve("postgres"))
          && Programs.isExecutable(candidate.resolve("pg_ctl"))) {
        PostgresInstallation found = in(candidate);
        if (found.version().major() == major) {
          return found;
        }
      }
    }
    throw Problem.notFound(
            "PostgreSQL " + major + " is not installed here",
            "Install the server of major version "
                + major
                + ", or give its bin directory with --pg-bin-dir.")
        .asException();
  }

  private static SequencedSet<Path> candidates(int major) {
    SequencedSet<Path> candidates = new LinkedHashSet<>();
    candidates.add(Path.of("/usr/lib/postgresql/" + major + "/bin"));
    candidates.add(Path.of("/usr/pgsql-" + major + "/bin"));
    candidates.add(Path.of("/usr/local/pgsql/bin"));
    candidates.add(Path.of("/opt/homebrew/opt/postgresql@" + major + "/bin"));
    candidates.add(Path.of("/usr/local/opt/postgresql@" + major + "/bin"));
    Programs.folders().forEach(candidates::add);
    // PATH may hold links into the real directory, where pg_ctl looks for its neighbours.
    Programs.find("postgres").map(path -> realPath(path).getParent()).ifPresent(candidates::add);
    return candidates;
  }

  static Optional<ServerVersion> parseVersion(String output) {
    Matcher matcher = VERSION.matcher(output);
    if (!matcher.find()) {
      return Optional.empty();
    }
    int minor = matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2));
    return Optional.of(new ServerVersion(Integer.parseInt(matcher.group(1)) * 10000 + minor));
  }

  private static Path realPath(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException _) {
      return path.toAbsolutePath();
    }
  }

  /// A program of this installation, for instance `pg_ctl`.
  public String program(String name) {
    return binDirectory.resolve(name).toString();
  }
}
