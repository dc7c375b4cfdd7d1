package io.pgbackup.engine.walg;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EncryptionProof;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/// Carries WAL files through two daemons of WAL-G, one that writes and one that reads: what makes
/// the one create objects only would spoil the other's reading. Each has a spool of ours for its
/// PGDATA. Neither is believed: what was stored is listed, and what is called absent is looked for.
///
/// Thread-safe; one file is pushed at a time, as PostgreSQL sends them.
public final class WalgWalEngine implements WalEngine, AutoCloseable {
  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final WalPresence presence;
  private final Packing packing;
  private final EncryptionProof proof;
  private final WalEngine reader;
  private final Lane pushing;
  private final Lane fetching;
  private final Deadlines deadlines;
  private final ReentrantLock pushes = new ReentrantLock();
  private final AtomicLong fetched = new AtomicLong();

  /// Start of the daemon whose first object was looked at; guarded by `pushes`.
  private int provedStart;

  /// How long a daemon may take for one file.
  record Deadlines(Duration push, Duration fetch) {
    /// Within what the archive socket lets a request wait.
    static final Deadlines DEFAULT = new Deadlines(Duration.ofSeconds(45), Duration.ofSeconds(60));
  }

  /// @param pgWal where the daemon looks for `pg_wal`
  record Lane(WalgDaemon daemon, Path pgWal) implements AutoCloseable {
    @Override
    public void close() {
      daemon.close();
    }
  }

  /// @param packing how the daemon is to pack
  /// @param reader reads what stands in the archive already, to compare it
  WalgWalEngine(
      ObjectStore store,
      ArchiveLayout layout,
      Packing packing,
      WalEngine reader,
      Lane pushing,
      Lane fetching,
      Deadlines deadlines) {
    this.store = store;
    this.layout = layout;
    this.packing = packing;
    this.proof = new EncryptionProof(store, packing);
    this.presence = new WalPresence(store, layout);
    this.reader = reader;
    this.pushing = pushing;
    this.fetching = fetching;
    this.deadlines = deadlines;
  }

  @Override
  public Pushed push(WalFileName name, byte[] content) {
    lockPushes(name);
    try {
      proof.requireNoFailure();
      if (stands(name, content)) {
        return Pushed.ALREADY_STORED;
      }
      return pushNew(name, content);
    } finally {
      pushes.unlock();
    }
  }

  private void lockPushes(WalFileName name) {
    try {
      if (!pushes.tryLock(deadlines.push().toMillis(), MILLISECONDS)) {
        throw Problem.timedOut(
                name.text() + " waited too long for the file before it", "It is sent again.")
            .asException();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.timedOut("interrupted before " + name.text() + " was sent", "Try again.")
          .causedBy(e);
    }
  }

  /// @throws PgBackupException `Refused` if other content stands there, or cannot be compared
  private boolean stands(WalFileName name, byte[] content) {
    Optional<byte[]> standing;
    try {
      standing = reader.fetch(name);
    } catch (PgBackupException e) {
      throw e.problem() instanceof Problem.VerificationFailed ? cannotCompare(name, e) : e;
    }
    if (standing.isPresent() && !Arrays.equals(standing.get(), content)) {
      throw Problem.refused(
              "%s already holds other content as %s".formatted(store.url(), name.text()),
              "It was left alone. Another server may archive into this lineage: find it and stop"
                  + " it.")
          .asException();
    }
    if (standing.isPresent()) {
      refusePlain(name, content);
    }
    return standing.isPresent();
  }

  /// A daemon before this one may have been without its key.
  private void refusePlain(WalFileName name, byte[] content) {
    if (packing.cipher().fingerprint().isEmpty()) {
      return;
    }
    for (WalPresence.Standing object : presence.all(name)) {
      object.codec().ifPresent(codec -> proof.refusePlain(object.key(), codec, content));
    }
  }

  private PgBackupException cannotCompare(WalFileName name, PgBackupException cause) {
    return Problem.refused(
            "cannot compare with what %s holds as %s: %s"
                .formatted(store.url(), name.text(), cause.problem().message()),
            "It was left alone. Find out who wrote it, and whether it needs a key that is not"
                + " configured.")
        .causedBy(cause);
  }

  private Pushed pushNew(WalFileName name, byte[] content) {
    Path file = pushing.pgWal().resolve(name.text());
    try {
      Files.write(file, content);
      var _ = pushing.daemon().ask(new DaemonRequest.Push(name.text()), deadlines.push());
    } catch (PgBackupException e) {
      // another one may have been first, which the store answers with an error
      if (stoodMeanwhile(name, content, e)) {
        return Pushed.ALREADY_STORED;
      }
      throw e;
    } catch (IOException e) {
      throw spool(file, e);
    } finally {
      discard(file);
    }
    if (!presence.of(name)) {
      throw Problem.storageFailed(
              "wal-g said that it had stored %s, and %s does not list it"
                  .formatted(name.text(), store.url()),
              "It is sent again. Check that nothing deletes in the archive.")
          .asException();
    }
    requireEncrypted(name, content);
    return Pushed.STORED;
  }

  private void requireEncrypted(WalFileName name, byte[] content) {
    int start = pushing.daemon().starts();
    if (start != provedStart) {
      proof.again();
    }
    proof.require(layout.wal(name, packing.codec()), content);
    provedStart = start;
  }

  private boolean stoodMeanwhile(WalFileName name, byte[] content, PgBackupException reason) {
    if (reason.problem() instanceof Problem.TimedOut || reason.problem().retryMayHelp()) {
      return false;
    }
    return stands(name, content);
  }

  @Override
  public Optional<byte[]> fetch(WalFileName name) {
    String file = "fetched-" + fetched.incrementAndGet();
    Path destination = fetching.pgWal().resolve(file);
    try {
      DaemonReply reply =
          fetching
              .daemon()
              .ask(new DaemonRequest.Fetch(name.text(), "pg_wal/" + file), deadlines.fetch());
      if (reply == DaemonReply.ABSENT) {
        return absent(name);
      }
      return Optional.of(whole(name, Files.readAllBytes(destination)));
    } catch (IOException e) {
      throw spool(destination, e);
    } finally {
      discard(destination);
    }
  }

  private Optional<byte[]> absent(WalFileName name) {
    if (presence.of(name)) {
      throw Problem.storageUnavailable(
              "wal-g does not find %s, and %s lists it".formatted(name.text(), store.url()),
              "It may just have been stored; otherwise look at the agent's log.")
          .asException();
    }
    return Optional.empty();
  }

  private static byte[] whole(WalFileName name, byte[] content) {
    if (name instanceof WalFileName.Segment && !WalSegmentSize.isValid(content.length)) {
      throw Problem.verificationFailed(
              "%s holds %d bytes, which is no whole segment".formatted(name.text(), content.length),
              "The object is cut off, encrypted, or of another cluster.")
          .asException();
    }
    return content;
  }

  private static PgBackupException spool(Path file, IOException cause) {
    return Problem.storageUnavailable(
            "the spool of wal-g does not work: %s: %s".formatted(file, cause),
            "Look at the space and the rights of the directory for temporary files.")
        .causedBy(cause);
  }

  private static void discard(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException _) {
      // the spool goes with the agent
    }
  }

  @Override
  public void close() {
    pushing.close();
    fetching.close();
  }
}
