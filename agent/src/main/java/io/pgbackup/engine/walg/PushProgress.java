package io.pgbackup.engine.walg;

import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.store.ObjectStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Follows a push from outside: its name is that of the folder that appears in the archive, and how
/// far it is what the kernel says it has read. For one thread.
final class PushProgress implements Consumer<WalgProcess> {
  private static final Duration BETWEEN_LISTINGS = Duration.ofSeconds(2);

  private final ObjectStore store;
  private final ArchiveLayout layout;
  private final StandingBackups before;
  private final BackupListener listener;
  private final InstantSource clock;
  private @Nullable BackupName name;
  private Instant nextListing = Instant.MIN;

  PushProgress(
      ObjectStore store,
      ArchiveLayout layout,
      StandingBackups before,
      BackupListener listener,
      InstantSource clock) {
    this.store = store;
    this.layout = layout;
    this.before = before;
    this.listener = listener;
    this.clock = clock;
  }

  @Override
  public void accept(WalgProcess process) {
    if (name == null && !clock.instant().isBefore(nextListing)) {
      nextListing = clock.instant().plus(BETWEEN_LISTINGS);
      newFolder().ifPresent(this::named);
    }
    if (name != null) {
      listener.progressed(0, process.bytesRead());
    }
  }

  /// Tells the name, once.
  void named(BackupName found) {
    if (name == null) {
      name = found;
      listener.started(found);
    }
  }

  private Optional<BackupName> newFolder() {
    try {
      return store.folders(layout.baseBackups()).stream()
          .flatMap(folder -> BackupName.tryParse(folder.name()).stream())
          .filter(found -> !before.folders().contains(found))
          .findFirst();
    } catch (PgBackupException e) {
      // only the display waits for it; a store that is away is wal-g's to report
      return Optional.empty();
    }
  }
}
