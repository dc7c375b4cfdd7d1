package io.pgbackup.retention;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.SegmentIndexes;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Lease;
import io.pgbackup.lineage.Leases;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.retention.RetentionPlan.BackupVerdict;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.UnfinishedUpload;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Carries plans out. The one place that deletes what was a base backup.
///
/// In this order, so that it may be killed anywhere and repeated: the sentinels, newest first,
/// since without one nothing offers the backup and nothing can stand on it; what lay in their
/// folders; WAL, and before it the index objects that speak of it. A lease keeps two runs apart.
/// While sentinels go, the lease of base backups is held too, so that no delta begins to stand on
/// one; behind that a base backup may run, for it needs nothing that is older than the newest
/// backup. Holds and restores are looked at before each step: a restore that finds its sentinel has
/// its lease by then, and one whose sentinel is gone ends before it begins. What is gone is learned
/// from a listing, not from answers.
///
/// Thread-safe.
public final class RetentionRunner {
  /// One run at a time in a lineage, whoever runs.
  public static final String LEASE = "retention";

  /// That of base backups.
  private static final String BACKUPS = "backup";

  private static final Logger LOG = LoggerFactory.getLogger(RetentionRunner.class);
  private static final int AT_ONCE = 1000;

  /// A clock that drifts is let run; the span is far below any rule's.
  private static final Duration CLOCKS_APART = Duration.ofMinutes(5);

  private final ObjectStore store;
  private final RetentionReader reader;
  private final Leases leases;
  private final String holder;

  /// @param holder who this is, for whoever is refused: `retention on db-1, process 4711`
  public RetentionRunner(ObjectStore store, RetentionReader reader, Leases leases, String holder) {
    this.store = store;
    this.reader = reader;
    this.leases = leases;
    this.holder = holder;
  }

  /// Reads, plans, deletes.
  ///
  /// @throws PgBackupException `Refused` if another run has the lease or a base backup is under
  ///   way, and whatever the store fails with; a new run goes on where this one ended
  public RetentionOutcome apply(Lineage lineage, RetentionRules rules) {
    StoreFolder prefix = lineage.prefix();
    try (Lease lease = leases.acquire(prefix, LEASE, holder)) {
      Optional<String> clocks = clocks(lease);
      RetentionInput read = reader.read(lineage, rules);
      RetentionInput input = clocks.map(read::doubting).orElse(read);
      RetentionPlan plan = RetentionPlanner.plan(input);
      if (plan.blocks().isEmpty()) {
        deletePieces(lease, input);
        abortUploads(lease, prefix);
      }
      if (!plan.blocks().isEmpty() || plan.deletesNothing()) {
        return ended(lineage, new Attempt(input, plan), plan.blocks().stream().findFirst());
      }
      Attempt attempt = new Attempt(input, plan);
      return ended(lineage, attempt, delete(prefix, lease, attempt));
    }
  }

  /// They are no part of a plan: what they hold lies there as a whole segment, which is.
  private void deletePieces(Lease lease, RetentionInput input) {
    List<ObjectKey> keys = StreamedLeftovers.in(store, input.survey());
    int refused = 0;
    for (int from = 0; from < keys.size() && refused == 0; from += AT_ONCE) {
      lease.requireHeld();
      refused = tryDelete(keys.subList(from, Math.min(from + AT_ONCE, keys.size()))).size();
    }
    if (!keys.isEmpty()) {
      LOG.atInfo()
          .addKeyValue("pieces", keys.size())
          .addKeyValue("refused", refused)
          .log("streamed pieces of whole segments deleted");
    }
  }

  /// Of agents that were killed; see docs/decisions/0003.
  private void abortUploads(Lease lease, StoreFolder prefix) {
    List<UnfinishedUpload> going = AbandonedUploads.in(store, prefix).going(reader.now()).toList();
    for (UnfinishedUpload upload : going) {
      lease.requireHeld();
      try {
        store.abort(upload);
        LOG.atInfo()
            .addKeyValue("key", upload.key())
            .addKeyValue("begun", upload.begun())
            .log("upload aborted that nobody completed");
      } catch (PgBackupException e) {
        LOG.atWarn()
            .addKeyValue("key", upload.key())
            .addKeyValue("reason", e.problem().message())
            .log("an upload that nobody completed stays");
        return;
      }
    }
  }

  /// A clock that is wrong ends windows, holds and the leases of others before their time.
  private Optional<String> clocks(Lease lease) {
    Optional<Instant> store = lease.modified();
    Instant here = reader.now();
    return store
        .map(there -> Duration.between(there, here))
        .filter(apart -> apart.abs().compareTo(CLOCKS_APART) > 0)
        .map(
            apart ->
                "the clock of this machine is %d minutes %s that of the store"
                    .formatted(
                        apart.abs().toMinutes(), apart.isNegative() ? "behind" : "ahead of"));
  }

  /// One run's bookkeeping.
  private static final class Attempt {
    private final RetentionInput read;
    private RetentionInput input;
    private RetentionPlan plan;
    private final Map<ObjectKey, String> refused = new LinkedHashMap<>();
    private final Set<ObjectKey> asked = new HashSet<>();

    private Attempt(RetentionInput input, RetentionPlan plan) {
      this.read = input;
      this.input = input;
      this.plan = plan;
    }
  }

  /// @return why it stopped before its end
  private Optional<String> delete(StoreFolder prefix, Lease lease, Attempt attempt) {
    try (Lease backups = leases.acquire(prefix, BACKUPS, holder)) {
      if (!reader.stillTrue(attempt.read)) {
        return Optional.of(
            "base backups or holds changed while this run planned, or a restore began");
      }
      deleteSentinels(lease, backups, attempt);
    }
    if (!attempt.refused.isEmpty() && attempt.refused.size() == attempt.asked.size()) {
      return Optional.of("the store refused: " + attempt.refused.values().iterator().next());
    }
    Optional<String> stopped = deleteAll(attempt.plan.contents(), lease, attempt);
    return stopped.isPresent() ? stopped : deleteSegments(lease, attempt);
  }

  /// What says that they are there goes first. It is looked for once more behind them, since an
  /// agent that had listed them before may write it meanwhile.
  private Optional<String> deleteSegments(Lease lease, Attempt attempt) {
    List<ObjectKey> segments = attempt.plan.segments();
    if (segments.isEmpty()) {
      return Optional.empty();
    }
    sayThatTheyExpired(attempt);
    ArchiveLayout layout = attempt.read.survey().layout();
    SegmentIndexes indexes = new SegmentIndexes(store);
    forget(indexes, layout, segments);
    Optional<String> stopped = deleteAll(segments, lease, attempt);
    forget(indexes, layout, segments);
    return stopped;
  }

  /// Without it, what went would look like a loss; that is no reason to keep it.
  private void sayThatTheyExpired(Attempt attempt) {
    try {
      ExpiredWal.mark(store, attempt.read.survey(), attempt.plan, reader.now());
    } catch (PgBackupException e) {
      if (!(e.problem() instanceof Problem.StorageFailed failed) || failed.transientFault()) {
        throw e;
      }
      LOG.atWarn()
          .addKeyValue("reason", e.problem().message())
          .log("nothing says that the WAL which goes now expired: it will be taken for a loss");
    }
  }

  /// One that is locked is taken back by another object.
  private void forget(SegmentIndexes indexes, ArchiveLayout layout, List<ObjectKey> segments) {
    tryDelete(indexes.about(layout, segments))
        .keySet()
        .forEach(index -> indexes.takeBack(index, reader.now()));
  }

  /// One by one and newest first, so that what a refused one stands on is still there, and stays.
  private void deleteSentinels(Lease lease, Lease backups, Attempt attempt) {
    List<BackupVerdict> going = new ArrayList<>(attempt.plan.going().toList());
    Set<BackupName> staying = new HashSet<>();
    for (BackupVerdict verdict : going.reversed()) {
      if (staying.contains(verdict.name())) {
        continue;
      }
      lease.requireHeld();
      backups.requireHeld();
      ObjectKey key = verdict.sentinel().key();
      attempt.asked.add(key);
      Map<ObjectKey, String> refused = tryDelete(List.of(key));
      if (refused.isEmpty() && store.head(key).isPresent()) {
        refused = Map.of(key, "the store said that it was deleted, and it is still there");
      }
      if (!refused.isEmpty()) {
        attempt.refused.putAll(refused);
        staying.add(verdict.name());
        // as if somebody held it: what it stands on and its WAL stay too
        hold(verdict.name(), refused.getOrDefault(key, "it refuses"), attempt);
        attempt.plan.backups().stream()
            .filter(BackupVerdict::kept)
            .map(BackupVerdict::name)
            .forEach(staying::add);
      }
    }
  }

  private static void hold(BackupName name, String why, Attempt attempt) {
    RetentionInput before = attempt.input;
    List<Hold> holds = new ArrayList<>(before.holds());
    Hold.Held held = new Hold.Held.Backup(name);
    holds.add(new Hold("by lock", "the store", why, held, before.now(), Optional.empty()));
    attempt.input = before.with(holds);
    attempt.plan = RetentionPlanner.plan(attempt.input);
  }

  private Optional<String> deleteAll(List<ObjectKey> keys, Lease lease, Attempt attempt) {
    for (int from = 0; from < keys.size(); from += AT_ONCE) {
      List<ObjectKey> batch = keys.subList(from, Math.min(from + AT_ONCE, keys.size()));
      lease.requireHeld();
      if (!reader.nobodyObjects(attempt.read)) {
        return Optional.of("a hold changed or a restore began; the next run goes on");
      }
      attempt.asked.addAll(batch);
      Map<ObjectKey, String> refused = tryDelete(batch);
      attempt.refused.putAll(refused);
      if (refused.size() == batch.size()) {
        return Optional.of("the store refused: " + refused.values().iterator().next());
      }
    }
    return Optional.empty();
  }

  /// A credential that may not delete at all is answered like one that may not delete this.
  private Map<ObjectKey, String> tryDelete(List<ObjectKey> keys) {
    if (keys.isEmpty()) {
      return Map.of();
    }
    try {
      return store.deleteOrExplain(keys);
    } catch (PgBackupException e) {
      if (e.problem() instanceof Problem.StorageFailed failed && !failed.transientFault()) {
        return keys.stream()
            .collect(Collectors.toMap(key -> key, _ -> failed.message(), (one, _) -> one));
      }
      throw e;
    }
  }

  private RetentionOutcome ended(Lineage lineage, Attempt attempt, Optional<String> stopped) {
    Map<ObjectKey, Long> sizes = sizes(attempt.input);
    Set<ObjectKey> standing = attempt.asked.isEmpty() ? Set.of() : standing(lineage);
    Map<ObjectKey, String> left = new LinkedHashMap<>();
    long objects = 0;
    long bytes = 0;
    for (ObjectKey key : attempt.asked) {
      if (standing.contains(key)) {
        left.put(
            key,
            attempt.refused.getOrDefault(
                key, "the store said that it was deleted, and it is still there"));
      } else {
        objects++;
        bytes += sizes.getOrDefault(key, 0L);
      }
    }
    var outcome = new RetentionOutcome(attempt.plan, objects, bytes, left, stopped);
    LOG.atLevel(stopped.isPresent() && attempt.asked.isEmpty() ? Level.DEBUG : Level.INFO)
        .addKeyValue("prefix", lineage.prefix())
        .addKeyValue("kept", attempt.plan.backups().stream().filter(BackupVerdict::kept).count())
        .addKeyValue("deletedObjects", objects)
        .addKeyValue("deletedBytes", bytes)
        .addKeyValue("refused", left.size())
        .addKeyValue("stopped", stopped.orElse(""))
        .log("retention applied");
    return outcome;
  }

  private static Map<ObjectKey, Long> sizes(RetentionInput input) {
    return Stream.of(
            input.survey().backupObjects(), input.survey().wal(), input.survey().manifests())
        .flatMap(List::stream)
        .collect(Collectors.toMap(StoredObject::key, StoredObject::size, (one, _) -> one));
  }

  private Set<ObjectKey> standing(Lineage lineage) {
    ArchiveLayout layout = new ArchiveLayout(lineage.prefix());
    Set<ObjectKey> keys = new HashSet<>();
    for (StoreFolder folder : List.of(layout.baseBackups(), layout.wal(), layout.manifests())) {
      try (Stream<StoredObject> objects = store.list(folder.path())) {
        objects.map(StoredObject::key).forEach(keys::add);
      }
    }
    return keys;
  }
}
