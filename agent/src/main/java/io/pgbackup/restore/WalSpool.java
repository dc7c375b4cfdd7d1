package io.pgbackup.restore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import io.pgbackup.engine.SpareArrays;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands WAL to a recovering server that has neither our credentials nor a Java of its own: a shell
/// script is its `restore_command`, a directory is the counter. The script lays down what it wants
/// (`want/NAME`); this process answers with the file (`have/NAME`), with proof that the archive has
/// no such file (`absent/NAME`), or with `failed`. The next segments are fetched ahead of demand.
///
/// What PostgreSQL sees: 0 delivered; 1 only for proven absence; 126 for everything else, a missing
/// shell and our own death included, upon which it stops and never ends recovery early.
///
/// The directory lies outside the data directory, on the same file system, in a folder that the
/// server's user can enter. Thread-safe.
final class WalSpool implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WalSpool.class);
  private static final Duration POLL = Duration.ofMillis(15);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final int SCRIPT_SAYS_ABSENT = 71;

  /// @param ahead segments fetched before they are asked for
  /// @param patience how long a store that does not answer is asked again for one file
  /// @param beat how often the script is shown that we live; after twenty missed beats it gives up
  record Limits(int ahead, Duration patience, Duration beat) {
    private static final long AHEAD_BYTES = 64L << 20;

    static Limits of(WalSegmentSize size, Duration patience) {
      int ahead = Math.clamp(AHEAD_BYTES / size.bytes(), 1, 4);
      return new Limits(ahead, patience, Duration.ofSeconds(1));
    }
  }

  private final Path directory;
  private final ServerUser user;
  private final WalEngine engine;
  private final TimelineHistory path;
  private final SortedSet<WalSegment> listed;
  private final WalSegmentSize segmentSize;
  private final Limits limits;

  private final SpareArrays spares = new SpareArrays();
  private final Set<String> underWay = ConcurrentHashMap.newKeySet();
  private final Set<WalSegment> ready = ConcurrentHashMap.newKeySet();
  private final Set<WalSegment> notAhead = ConcurrentHashMap.newKeySet();
  private final AtomicReference<Optional<PgBackupException>> failure =
      new AtomicReference<>(Optional.empty());
  private final AtomicReference<Optional<WalSegment>> position =
      new AtomicReference<>(Optional.empty());
  private final AtomicReference<Optional<WalSegment>> taken =
      new AtomicReference<>(Optional.empty());
  private final AtomicLong delivered = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Thread counter;

  private WalSpool(
      Path directory,
      ServerUser user,
      WalEngine engine,
      TimelineHistory path,
      SortedSet<WalSegment> listed,
      WalSegmentSize segmentSize,
      Limits limits) {
    this.directory = directory;
    this.user = user;
    this.engine = engine;
    this.path = path;
    this.listed = listed;
    this.segmentSize = segmentSize;
    this.limits = limits;
    this.counter = Thread.ofPlatform().name("wal-spool").daemon().unstarted(this::serve);
  }

  /// Begins to serve.
  ///
  /// @param directory made anew; what an earlier run left there is removed
  /// @param path only history files of its timelines are served
  /// @param listed segments that the archive had when the restore was planned: if one of them is
  ///   gone that is a failure, never the end of WAL
  static WalSpool open(
      Path directory,
      ServerUser user,
      WalEngine engine,
      TimelineHistory path,
      SortedSet<WalSegment> listed,
      WalSegmentSize segmentSize,
      Limits limits) {
    WalSpool spool = new WalSpool(directory, user, engine, path, listed, segmentSize, limits);
    try {
      spool.prepare();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    spool.counter.start();
    return spool;
  }

  /// The value for PostgreSQL's setting. A status that the script did not choose, of a shell that
  /// cannot read it for instance, must not pass for absence.
  String restoreCommand() {
    return "/bin/sh %s \"%%f\" \"%%p\"; case $? in 0) exit 0 ;; %d) exit 1 ;; *) exit 126 ;; esac"
        .formatted(Quoting.shell(script().toString()).replace("%", "%%"), SCRIPT_SAYS_ABSENT);
  }

  /// Why recovery was stopped, if this side stopped it.
  Optional<PgBackupException> failure() {
    return failure.get();
  }

  /// Segments that the server has taken.
  long delivered() {
    return delivered.get();
  }

  /// The furthest segment that the server has taken.
  Optional<WalSegment> lastTaken() {
    noteTaken();
    return taken.get();
  }

  private Path script() {
    return directory.resolve("fetch");
  }

  private void prepare() throws IOException {
    Trees.delete(directory);
    make(directory, "rwxr-xr-x");
    make(directory.resolve("new"), "rwx------");
    for (String shared : List.of("want", "have", "absent")) {
      user.own(make(directory.resolve(shared), "rwx------"));
    }
    beat(0);
    Files.writeString(script(), SpoolScript.text(directory, SCRIPT_SAYS_ABSENT, limits.beat()));
    Files.setPosixFilePermissions(script(), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static Path make(Path directory, String permissions) throws IOException {
    Files.createDirectory(directory);
    return Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(permissions));
  }

  private void serve() {
    long beats = 0;
    long nextBeat = System.nanoTime();
    try {
      while (!closed.get()) {
        if (System.nanoTime() - nextBeat >= 0) {
          beat(++beats);
          nextBeat = System.nanoTime() + limits.beat().toNanos();
        }
        noteTaken();
        for (String name : names(directory.resolve("want"))) {
          answer(name);
        }
        fetchAhead();
        Thread.sleep(POLL);
      }
    } catch (InterruptedException _) {
      // Closed.
    } catch (IOException | RuntimeException e) {
      fail(
          Problem.postgresFailed(
                  "the WAL spool " + directory + " cannot be served: " + e.getMessage(),
                  "Check the file system, then run the same command again.")
              .causedBy(e));
    }
  }

  private void beat(long number) throws IOException {
    place("alive", (number + "\n").getBytes(UTF_8), directory.resolve("alive"), false);
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private void answer(String text) {
    Optional<WalFileName> name = WalFileName.tryParse(text);
    if (name.isEmpty() || isAnswered(text) || !underWay.add(text)) {
      return;
    }
    if (name.get() instanceof WalFileName.Segment) {
      position.set(Optional.of(segment(text)));
    }
    Thread.ofVirtual().name("wal-wanted-" + text).start(() -> answer(name.get()));
  }

  private boolean isAnswered(String name) {
    return Files.exists(directory.resolve("have").resolve(name))
        || Files.exists(directory.resolve("absent").resolve(name));
  }

  private void answer(WalFileName name) {
    try {
      Loan loan = new Loan();
      Optional<byte[]> content = isStranger(name) ? Optional.empty() : fetchPatiently(name, loan);
      if (content.isPresent()) {
        deliver(name, content.get());
        loan.giveBack(content.get());
      } else if (isListed(name)) {
        fail(
            Problem.storageFailed(
                    "WAL segment " + name.text() + " has vanished from the archive",
                    "Plan the restore again; if retention removed it, choose a later time.")
                .asException());
      } else if (Files.exists(directory.resolve("want").resolve(name.text()))) {
        place(name.text(), new byte[0], directory.resolve("absent").resolve(name.text()), true);
      }
    } catch (PgBackupException e) {
      fail(e);
    } catch (IOException | RuntimeException e) {
      fail(
          Problem.postgresFailed(
                  "cannot hand over " + name.text() + ": " + e.getMessage(),
                  "Check that the disk is not full, then run the same command again.")
              .causedBy(e));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      underWay.remove(name.text());
    }
  }

  /// History of timelines off the path would lead recovery astray, wherever it comes from.
  private boolean isStranger(WalFileName name) {
    return name instanceof WalFileName.History history
        && !history.timeline().equals(path.timeline())
        && path.endOf(history.timeline()).isEmpty();
  }

  private boolean isListed(WalFileName name) {
    return name instanceof WalFileName.Segment && listed.contains(segment(name.text()));
  }

  private WalSegment segment(String name) {
    return WalSegment.parse(name, segmentSize);
  }

  private Optional<byte[]> fetchPatiently(WalFileName name, Loan loan) throws InterruptedException {
    long deadline = System.nanoTime() + limits.patience().toNanos();
    Duration pause = Duration.ofMillis(100);
    while (true) {
      try {
        return engine.fetch(name, loan);
      } catch (PgBackupException e) {
        if (!e.problem().retryMayHelp() || System.nanoTime() - deadline > 0 || closed.get()) {
          throw e;
        }
        LOG.atDebug().addKeyValue("segment", name.text()).setCause(e).log("store failed, retrying");
        Thread.sleep(pause);
        pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : pause;
      }
    }
  }

  private void deliver(WalFileName name, byte[] content) throws IOException {
    if (name instanceof WalFileName.Segment) {
      ready.add(segment(name.text()));
    }
    place(name.text(), content, directory.resolve("have").resolve(name.text()), true);
  }

  /// Memory for one segment, out of what an earlier one needed.
  private final class Loan implements IntFunction<byte[]> {
    private byte @Nullable [] array;

    @Override
    public byte[] apply(int size) {
      byte[] lent = spares.take(size);
      array = lent;
      return lent;
    }

    /// @param content which nobody needs any more, in the loan or anywhere else
    void giveBack(byte[] content) {
      if (content == array) {
        spares.keep(content);
      }
    }
  }

  private void place(String name, byte[] content, Path destination, boolean owned)
      throws IOException {
    Path temporary = Files.createTempFile(directory.resolve("new"), name, "");
    Files.write(temporary, content);
    if (owned) {
      user.own(temporary);
    } else {
      Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
    }
    Files.move(temporary, destination, ATOMIC_MOVE, REPLACE_EXISTING);
  }

  private void noteTaken() {
    for (WalSegment segment : Set.copyOf(ready)) {
      if (!underWay.contains(segment.fileName())
          && !Files.exists(directory.resolve("have").resolve(segment.fileName()))
          && ready.remove(segment)) {
        position.updateAndGet(
            known -> known.filter(at -> at.compareTo(segment) > 0).or(() -> Optional.of(segment)));
        taken.updateAndGet(
            known -> known.filter(at -> at.compareTo(segment) > 0).or(() -> Optional.of(segment)));
        delivered.incrementAndGet();
      }
    }
  }

  private void fetchAhead() throws IOException {
    if (position.get().isEmpty() || failure.get().isPresent()) {
      return;
    }
    List<WalSegment> next = following(position.get().get());
    discardAllBut(next, position.get().get());
    for (WalSegment segment : next) {
      if (!ready.contains(segment)
          && !notAhead.contains(segment)
          && underWay.add(segment.fileName())) {
        Thread.ofPlatform()
            .name("wal-ahead-" + segment.fileName())
            .start(() -> fetchAhead(segment));
      }
    }
  }

  private List<WalSegment> following(WalSegment segment) {
    return listed.tailSet(segment).stream()
        .filter(listedSegment -> segment.start().isBefore(listedSegment.start()))
        .limit(limits.ahead())
        .toList();
  }

  /// After a jump backwards what lies ready may never be asked for, and would keep the places.
  private void discardAllBut(List<WalSegment> next, WalSegment wanted) throws IOException {
    Set<WalSegment> kept = new HashSet<>(next);
    kept.add(wanted);
    for (WalSegment segment : Set.copyOf(ready)) {
      if (!kept.contains(segment)
          && !underWay.contains(segment.fileName())
          && !Files.exists(directory.resolve("want").resolve(segment.fileName()))
          && ready.remove(segment)) {
        Files.deleteIfExists(directory.resolve("have").resolve(segment.fileName()));
      }
    }
  }

  /// Whatever goes wrong here says nothing: the segment is asked for again when it is wanted.
  private void fetchAhead(WalSegment segment) {
    try {
      Loan loan = new Loan();
      var name = new WalFileName.Segment(segment.fileName());
      Optional<byte[]> content = engine.fetch(name, loan);
      if (content.isPresent()) {
        deliver(name, content.get());
        loan.giveBack(content.get());
      } else {
        notAhead.add(segment);
      }
    } catch (IOException | RuntimeException e) {
      notAhead.add(segment);
      LOG.atDebug().addKeyValue("segment", segment).setCause(e).log("prefetch failed");
    } finally {
      underWay.remove(segment.fileName());
    }
  }

  private void fail(PgBackupException reason) {
    if (failure.compareAndSet(Optional.empty(), Optional.of(reason))) {
      try {
        place("failed", new byte[0], directory.resolve("failed"), false);
      } catch (IOException e) {
        LOG.atDebug().setCause(e).log("spool cannot be marked as failed");
      }
    }
  }

  /// Stops serving; a script that still waits gives up with 126. The directory stays.
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      counter.interrupt();
      try {
        counter.join(Duration.ofSeconds(10));
        Files.deleteIfExists(directory.resolve("alive"));
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
