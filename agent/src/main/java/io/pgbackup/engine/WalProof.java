package io.pgbackup.engine;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoredObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Proves by listing that WAL segments lie in the store. That PostgreSQL calls a segment archived
/// proves nothing: only the store knows. Thread-safe.
public final class WalProof {
  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  /// A segment's name without its last two digits: at most 256 segments share it, which a store
  /// lists in one answer.
  private static final int GROUP = 22;

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final InstantSource clock;
  private final Pause pause;

  /// How the next listing is waited for; a test moves its clock instead.
  @FunctionalInterface
  interface Pause {
    void of(Duration duration) throws InterruptedException;
  }

  public WalProof(ObjectStore store, ArchiveLayout layout, InstantSource clock) {
    this(store, layout, clock, Thread::sleep);
  }

  WalProof(ObjectStore store, ArchiveLayout layout, InstantSource clock, Pause pause) {
    this.store = store;
    this.layout = layout;
    this.clock = clock;
    this.pause = pause;
  }

  /// Every segment from one to another on one timeline, both inclusive.
  public static List<WalSegment> range(WalSegment first, WalSegment last) {
    List<WalSegment> range = new ArrayList<>();
    for (WalSegment segment = first; segment.compareTo(last) <= 0; segment = segment.next()) {
      range.add(segment);
    }
    return range;
  }

  /// Those of the wanted segments that no object holds as a whole, in the same order.
  public List<WalSegment> missing(List<WalSegment> wanted) {
    Set<String> stored = new HashSet<>();
    wanted.stream()
        .map(segment -> segment.fileName().substring(0, GROUP))
        .distinct()
        .forEach(group -> collect(group, stored));
    return wanted.stream().filter(segment -> !stored.contains(segment.fileName())).toList();
  }

  private void collect(String group, Set<String> stored) {
    try (Stream<StoredObject> listing = store.list(layout.wal().key(group).value())) {
      listing
          .map(object -> object.key().name())
          .filter(name -> name.length() >= 24)
          .filter(name -> Codec.byExtension(name.substring(24)).isPresent())
          .map(name -> name.substring(0, 24))
          .forEach(stored::add);
    }
  }

  /// Waits until all of them lie in the store.
  ///
  /// @param state what PostgreSQL's archiver says, for the message
  /// @throws io.pgbackup.problem.PgBackupException `TimedOut`, naming the first segment that is
  ///   missing
  public void await(List<WalSegment> wanted, Duration deadline, Supplier<String> state) {
    Instant end = clock.instant().plus(deadline);
    Duration wait = SHORTEST_PAUSE;
    List<WalSegment> missing = missing(wanted);
    while (!missing.isEmpty()) {
      if (!clock.instant().isBefore(end)) {
        throw Problem.timedOut(
                "WAL segment %s did not reach the store within %s (%d of %d missing); %s"
                    .formatted(
                        missing.getFirst(),
                        words(deadline),
                        missing.size(),
                        wanted.size(),
                        words(state)),
                "Look at archive_command and the server's log for the reason that this segment is"
                    + " not archived, and at the agent's.")
            .asException();
      }
      try {
        pause.of(wait);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Problem.timedOut(
                "interrupted while waiting for WAL segment " + missing.getFirst(),
                "Start the backup again.")
            .causedBy(e);
      }
      wait = longer(wait);
      missing = missing(missing);
    }
  }

  // gently: a base backup waits here twice, as a rule for some tenths of a second
  private static Duration longer(Duration wait) {
    Duration next = wait.multipliedBy(3).dividedBy(2);
    return next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
  }

  /// The deadline is what failed; a server that does not answer now must not hide it.
  private static String words(Supplier<String> state) {
    try {
      return state.get();
    } catch (PgBackupException e) {
      return e.problem().message();
    }
  }

  private static String words(Duration duration) {
    long seconds = duration.toSeconds();
    return seconds % 60 == 0 ? seconds / 60 + " min" : seconds + " s";
  }
}
