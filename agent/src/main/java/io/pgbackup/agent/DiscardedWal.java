package io.pgbackup.agent;

import io.pgbackup.archive.Discards;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.Problem;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lets WAL go where `wal.enabled` is false. What a base backup under way needs is stored all the
/// same: without it the backup could not be restored.
///
/// Thread-safe.
final class DiscardedWal implements Discards {
  private static final Logger LOGGER = LoggerFactory.getLogger(DiscardedWal.class);

  private final BooleanSupplier enabled;
  private final BooleanSupplier backingUp;
  private final Supplier<Optional<LineageUid>> own;
  private final BiConsumer<WalFileName.Segment, Optional<LineageUid>> begun;
  private final AtomicLong segments = new AtomicLong();
  private boolean told;
  private boolean inGap;

  /// @param own the lineage of the data here, once it is known
  /// @param begun told the first segment of each gap, and whose it is
  DiscardedWal(
      BooleanSupplier enabled,
      BooleanSupplier backingUp,
      Supplier<Optional<LineageUid>> own,
      BiConsumer<WalFileName.Segment, Optional<LineageUid>> begun) {
    this.enabled = enabled;
    this.backingUp = backingUp;
    this.own = own;
    this.begun = begun;
  }

  /// Segments let go since the agent started.
  long segments() {
    return segments.get();
  }

  @Override
  public boolean letsGo(WalFileName name, Optional<LineageUid> sender) {
    if (enabled.getAsBoolean()) {
      stored(true);
      return false;
    }
    if (backingUp.getAsBoolean()) {
      stored(false);
      return false;
    }
    refuseOthers(name, sender);
    tell(name);
    if (name instanceof WalFileName.Segment segment) {
      gone(segment);
    }
    return true;
  }

  /// A copy that kept its source's archive_command must hear that nobody takes its WAL.
  private void refuseOthers(WalFileName name, Optional<LineageUid> sender) {
    Optional<LineageUid> here = own.get();
    if (here.isPresent() && sender.isPresent() && !sender.equals(here)) {
      throw Problem.refused(
              "%s is of lineage %s, and this agent's is %s"
                  .formatted(name.text(), sender.get(), here.get()),
              "Give that server an agent and a socket of its own.")
          .asException();
    }
  }

  private synchronized void stored(boolean again) {
    inGap = false;
    told &= !again;
  }

  private synchronized void gone(WalFileName.Segment segment) {
    segments.incrementAndGet();
    if (!inGap) {
      inGap = true;
      begun.accept(segment, own.get());
    }
  }

  /// Once, until it is enabled again.
  private synchronized void tell(WalFileName name) {
    if (!told) {
      LOGGER
          .atWarn()
          .addKeyValue("first", name.text())
          .log(
              "wal.enabled is false: WAL is answered as stored and let go; nothing after it can be"
                  + " restored");
      told = true;
    }
  }
}
