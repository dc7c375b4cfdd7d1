package io.pgbackup.restore;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// How far a restore has come: one JSON file beside the data directory, replaced as a whole after
/// each step. Immutable.
///
/// @param newLineage that begins; empty for a nameless copy
/// @param previous where the old data directory is kept, in place
/// @param outcome once recovery has ended
/// @param roles that have their password of today since then; of an older version it is not known
/// @param stopped once a running server was stopped
/// @param finished when every step was done; only restores in place leave a finished journal
/// @param undone where an undo puts the restored data; set when it begins
/// @param earlier the journal of the restore before this one, by its file name
record RestoreJournal(
    int version,
    RestorePlan plan,
    RestoreDestination destination,
    Instant startedAt,
    Optional<NewLineage> newLineage,
    Optional<Path> previous,
    Set<RestoreStep> done,
    Optional<RecoveryOutcome> outcome,
    Optional<Set<String>> roles,
    Optional<StoppedServer> stopped,
    boolean finished,
    Optional<Path> undone,
    Optional<String> earlier) {
  private static final int VERSION = 1;

  RestoreJournal {
    Set<RestoreStep> inOrder = EnumSet.noneOf(RestoreStep.class);
    inOrder.addAll(done);
    done = Collections.unmodifiableSet(inOrder);
  }

  static RestoreJournal begin(
      RestorePlan plan,
      RestoreDestination destination,
      Instant now,
      Optional<NewLineage> newLineage,
      Optional<Path> previous,
      Optional<String> earlier) {
    return new RestoreJournal(
        VERSION,
        plan,
        destination,
        now,
        newLineage,
        previous,
        Set.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false,
        Optional.empty(),
        earlier);
  }

  /// @throws io.pgbackup.problem.PgBackupException `Refused` if the file cannot be understood
  static Optional<RestoreJournal> read(Path file) {
    try {
      return Optional.of(JournalJson.read(Files.readAllBytes(file)));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      throw Problem.refused(
              "the journal %s cannot be read: %s".formatted(file, e.getMessage()),
              "It belongs to a restore of this or another version; look at it before you remove it.")
          .causedBy(e);
    }
  }

  void write(RestorePaths paths) throws IOException {
    Path file = paths.journal();
    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    try (FileChannel channel = SecretFile.overwrite(temporary)) {
      ByteBuffer content = ByteBuffer.wrap(JournalJson.write(this));
      while (content.hasRemaining()) {
        channel.write(content);
      }
      channel.force(true);
    }
    Files.move(temporary, file, ATOMIC_MOVE);
    paths.forceParent();
  }

  /// Whether a recovered server that waits to be put in place lacks the password of one of these.
  boolean lacksPasswords(Set<String> wanted) {
    return isDone(RestoreStep.RECOVER)
        && !isDone(RestoreStep.PLACE)
        && roles.filter(known -> !known.containsAll(wanted)).isPresent();
  }

  /// Whether the same command was given again. For the latest state the plan that was begun counts,
  /// though the archive may have grown.
  boolean isSame(RestorePlan other, RestoreDestination elsewhere) {
    return plan.lineage().prefix().equals(other.lineage().prefix())
        && plan.target().equals(other.target())
        && plan.asOf().equals(other.asOf())
        && switch (destination) {
          case RestoreDestination.NewDirectory directory -> directory.equals(elsewhere);
          // Whether it may be stopped is decided anew.
          case RestoreDestination.InPlace inPlace ->
              elsewhere instanceof RestoreDestination.InPlace now
                  && inPlace.dataDirectory().equals(now.dataDirectory());
        };
  }

  /// From here on a restore is finished or taken back, but not forgotten.
  boolean hasTouchedTheOldServer() {
    return stopped.isPresent() || isDone(RestoreStep.STOP);
  }

  boolean isDone(RestoreStep step) {
    return done.contains(step);
  }

  List<RestoreStep> steps() {
    return RestoreStep.of(destination);
  }

  RestoreJournal withDestination(RestoreDestination now) {
    return copy(now, done, outcome, roles, stopped, finished, undone);
  }

  RestoreJournal withDone(RestoreStep step) {
    Set<RestoreStep> more = EnumSet.of(step);
    more.addAll(done);
    return copy(destination, more, outcome, roles, stopped, finished, undone);
  }

  RestoreJournal withOutcome(RecoveryOutcome known, Set<String> withPasswords) {
    return copy(
        destination,
        done,
        Optional.of(known),
        Optional.of(withPasswords),
        stopped,
        finished,
        undone);
  }

  RestoreJournal withStopped(StoppedServer server) {
    return copy(destination, done, outcome, roles, Optional.of(server), finished, undone);
  }

  RestoreJournal withFinished() {
    return copy(destination, done, outcome, roles, stopped, true, undone);
  }

  RestoreJournal withUndone(Path place) {
    return copy(destination, done, outcome, roles, stopped, finished, Optional.of(place));
  }

  private RestoreJournal copy(
      RestoreDestination destination,
      Set<RestoreStep> done,
      Optional<RecoveryOutcome> outcome,
      Optional<Set<String>> roles,
      Optional<StoppedServer> stopped,
      boolean finished,
      Optional<Path> undone) {
    return new RestoreJournal(
        version,
        plan,
        destination,
        startedAt,
        newLineage,
        previous,
        done,
        outcome,
        roles,
        stopped,
        finished,
        undone,
        earlier);
  }
}
