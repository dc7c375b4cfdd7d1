package io.pgbackup.retention;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.lineage.Leases;
import io.pgbackup.store.StoreFolder;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/// Reads all that a plan depends on. A listing that breaks off is a failure, never a shorter
/// archive. Thread-safe.
public final class RetentionReader {
  /// What the leases of restores begin with.
  private static final String RESTORES = "restore-";

  private final Catalog catalog;
  private final Holds holds;
  private final Leases leases;
  private final InstantSource clock;

  /// @param catalog that keeps what it has read, where one is read again and again
  public RetentionReader(Catalog catalog, Holds holds, Leases leases, InstantSource clock) {
    this.catalog = catalog;
    this.holds = holds;
    this.leases = leases;
    this.clock = clock;
  }

  public RetentionInput read(Lineage lineage, RetentionRules rules) {
    Holds.Read held = holds.read(lineage.prefix());
    return new RetentionInput(
        catalog.survey(lineage),
        rules,
        held.holds(),
        restores(lineage.prefix()),
        held.doubts(),
        clock.instant());
  }

  Instant now() {
    return clock.instant();
  }

  List<RunningRestore> restores(StoreFolder prefix) {
    return leases.held(prefix, RESTORES).stream()
        .map(lease -> new RunningRestore(lease.holder(), lease.expiresAt()))
        .toList();
  }

  /// Whether a plan made from this input still stands: the same backups, marks and holds, and no
  /// restore that began since.
  boolean stillTrue(RetentionInput input) {
    Lineage lineage = input.survey().lineage();
    var now = catalog.surveyBackups(lineage);
    return now.backups().equals(input.survey().backups())
        && now.withdrawn().equals(input.survey().withdrawn())
        && now.unreadable().equals(input.survey().unreadable())
        && nobodyObjects(input);
  }

  /// The part of it that may change while objects are deleted.
  boolean nobodyObjects(RetentionInput input) {
    StoreFolder prefix = input.survey().lineage().prefix();
    Holds.Read held = holds.read(prefix);
    return held.holds().equals(input.holds())
        && held.doubts().equals(input.doubts())
        && restores(prefix).isEmpty();
  }
}
