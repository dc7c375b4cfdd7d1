package io.pgbackup.agent;

import io.pgbackup.archive.ArchiveCommand;
import io.pgbackup.archive.ArchiveCommand.Verdict;
import io.pgbackup.archive.ArchiveStatus;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.jdbc.ArchiverStats;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/// Whether PostgreSQL hands its WAL to this agent. By what its settings say; and where they name a
/// program that nobody knows, which may be a script around ours, only by what becomes of WAL: what
/// PostgreSQL calls archived and the agent never got went elsewhere.
///
/// [#look] belongs to one thread; what was found may be read by all.
final class CommandWatch {
  private static final int SEGMENT_NAME = 24;

  private final Path socket;
  private final Supplier<Optional<ArchiveStatus.Archived>> received;
  private boolean looked;
  private Optional<String> archivedAtFirst = Optional.empty();
  private Optional<WalFileName> receivedAtFirst = Optional.empty();
  private volatile Optional<Boolean> ours = Optional.empty();

  /// @param socket on which the agent listens
  /// @param received the file that PostgreSQL gave to this agent last
  CommandWatch(Path socket, Supplier<Optional<ArchiveStatus.Archived>> received) {
    this.socket = socket;
    this.received = received;
  }

  /// Empty while it cannot be told, and where the server is not to archive.
  Optional<Boolean> ours() {
    return ours;
  }

  /// The server is not asked, or not to archive.
  void skip() {
    ours = Optional.empty();
    looked = false;
  }

  /// @return what is wrong
  Optional<Problem> look(ServerWatch.Seen now) {
    if (!now.primary() && !now.facts().archives()) {
      skip();
      return Optional.empty();
    }
    Verdict verdict =
        ArchiveCommand.judge(
            now.facts().archiveMode(),
            now.facts().archiveCommand(),
            now.facts().archiveLibrary(),
            socket);
    Optional<Boolean> arrives = arrives(now.stats());
    Optional<Problem> problem =
        switch (verdict) {
          // it may say in a file to which socket
          case Verdict.Ours _ -> arrives.filter(here -> !here).map(_ -> lost(now));
          case Verdict.Elsewhere elsewhere ->
              arrives
                  .filter(here -> !here)
                  .map(_ -> Problem.misconfigured(elsewhere.found(), elsewhere.remedy()));
          case Verdict.Foreign foreign ->
              Optional.of(foreign.problem())
                  .filter(_ -> foreign.certain() || !arrives.orElse(true));
        };
    boolean known = !(verdict instanceof Verdict.Foreign foreign) || foreign.certain();
    ours = known || problem.isPresent() ? Optional.of(problem.isEmpty()) : arrives;
    return problem;
  }

  private static Problem lost(ServerWatch.Seen now) {
    return Problem.misconfigured(
        "PostgreSQL calls WAL archived that this agent never got, and archive_command looks like"
            + " ours: "
            + now.facts().archiveCommand(),
        "Look for another agent, or another socket in the file that it names.");
  }

  /// Empty where nothing was archived since the agent looks, or what was says nothing.
  private Optional<Boolean> arrives(ArchiverStats stats) {
    Optional<String> archived = stats.lastArchived().map(ArchiverStats.Attempt::file);
    Optional<WalFileName> got = received.get().map(ArchiveStatus.Archived::name);
    if (!looked) {
      looked = true;
      archivedAtFirst = archived;
      receivedAtFirst = got;
    }
    if (archived.isEmpty()) {
      return Optional.empty();
    }
    if (got.map(WalFileName::text).equals(archived)) {
      return Optional.of(true);
    }
    if (archived.equals(archivedAtFirst) && got.equals(receivedAtFirst)) {
      return Optional.empty();
    }
    if (archived.get().length() != SEGMENT_NAME) {
      return Optional.empty();
    }
    return got.isEmpty()
        ? Optional.of(false)
        : got.filter(WalFileName.Segment.class::isInstance)
            .map(last -> last.text().compareTo(archived.get()) >= 0);
  }
}
