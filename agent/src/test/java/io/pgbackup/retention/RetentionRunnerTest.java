package io.pgbackup.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.GapMarks;
import io.pgbackup.lineage.Lease;
import io.pgbackup.lineage.Leases;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.UnfinishedUpload;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SteppingClock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RetentionRunnerTest {
  private static final RetentionRules TWO =
      new RetentionRules(2, Duration.ZERO, 0, 0, 0, 0, ZoneId.of("UTC"));

  private final ArchiveModel model = new ArchiveModel();
  private final List<BaseBackup> backups = new ArrayList<>();
  private Bucket bucket = new Bucket();
  private SteppingClock clock = new SteppingClock(ArchiveModel.BEGIN);

  /// Three fulls with a delta each, of which the first two go, and one that never ended.
  @BeforeEach
  void grow() {
    model.unfinished();
    for (int i = 0; i < 3; i++) {
      BaseBackup full = model.pass(Duration.ofDays(1)).full();
      backups.add(full);
      backups.add(model.pass(Duration.ofDays(1)).backup(Optional.of(full), 1, false));
    }
    model.pass(Duration.ofDays(1));
    backups.add(model.full());
    model.write(2).pass(Duration.ofDays(1));
    clock = new SteppingClock(model.now());
    bucket = new Bucket();
    model.fill(bucket);
  }

  @Test
  void deletesWhatThePlanLetsGoAndNothingElse() {
    Set<ObjectKey> before = archive();
    RetentionOutcome outcome = apply();

    assertThat(outcome.complete()).isTrue();
    Set<ObjectKey> expected = archive();
    Set<ObjectKey> gone =
        before.stream().filter(key -> !expected.contains(key)).collect(Collectors.toSet());
    RetentionPlan plan = outcome.plan();
    assertThat(plan.leftovers()).hasSize(1);
    assertThat(gone)
        .containsAll(plan.sentinels())
        .containsAll(plan.contents())
        .containsAll(plan.segments())
        .hasSize((int) plan.deletableObjects());
    assertThat(outcome.deletedObjects()).isEqualTo(plan.deletableObjects());
    assertThat(plan.sentinels())
        .containsExactlyInAnyOrder(
            backups.subList(0, 4).stream()
                .map(backup -> ArchiveModel.LAYOUT.sentinel(backup.name()))
                .toArray(ObjectKey[]::new));
    assertThat(apply().plan().deletesNothing()).isTrue();
  }

  /// Behind a base backup that stays for itself there is no WAL any more, and nobody lost it.
  @Test
  void walThatGoesBehindAPointIsNoLoss() {
    new Holds(bucket, clock)
        .add(
            ArchiveModel.LAYOUT.prefix(),
            "auditor",
            "2026",
            new Hold.Held.Backup(backups.getFirst().name()),
            Optional.empty());
    apply();
    assertThat(saysExpired(gone())).isTrue();
    assertThat(marks()).hasSize(1);

    // days later more of it goes, and still one object says it all
    List<ObjectKey> before = gone();
    ArchiveModel later = model.without(before);
    for (int i = 0; i < 2; i++) {
      later.pass(Duration.ofDays(1)).write(2).full();
    }
    later.write(2).fill(bucket);
    clock = new SteppingClock(later.now());
    Set<ObjectKey> standing = archive();
    apply();
    standing.removeAll(archive());
    standing.addAll(before);
    assertThat(standing).hasSizeGreaterThan(before.size());
    assertThat(saysExpired(standing)).isTrue();
    assertThat(marks()).hasSize(1);
  }

  /// Of all WAL among these that lies behind the oldest base backup that is left.
  private boolean saysExpired(Collection<ObjectKey> gone) {
    List<WalSegment> segments =
        gone.stream()
            .map(ObjectKey::name)
            .flatMap(
                name -> WalSegment.tryParse(name.replace(".lz4", ""), ArchiveModel.SIZE).stream())
            .filter(segment -> backups.getFirst().finishLsn().isBefore(segment.start()))
            .sorted()
            .toList();
    return GapMarks.of(bucket, ArchiveModel.LAYOUT, ArchiveModel.SIZE)
        .sayExpired(segments.getFirst(), segments.getLast());
  }

  private List<String> marks() {
    try (Stream<StoredObject> objects = bucket.list(ArchiveModel.LAYOUT.gaps().path())) {
      return objects.map(object -> object.key().name()).toList();
    }
  }

  @Test
  void streamedPiecesGoOnceTheirSegmentIsWhole() {
    StoreFolder whole = ArchiveModel.LAYOUT.streamed(model.segment().previous());
    StoreFolder unfinished = ArchiveModel.LAYOUT.streamed(model.segment().next().next());
    bucket.create(whole.key("0000000000000000-0000000000000010.lz4"), new byte[1], Map.of());
    ObjectKey last = unfinished.key("0000000000000000-0000000000000010.lz4");
    bucket.create(last, new byte[1], Map.of());

    apply();

    try (Stream<StoredObject> left = bucket.list(ArchiveModel.LAYOUT.streamed().path())) {
      assertThat(left.map(StoredObject::key)).containsExactly(last);
    }
  }

  @Test
  void uploadsThatNobodyCompletedAreAbortedAfterADay() {
    Instant now = clock.instant();
    StoreFolder prefix = ArchiveModel.LAYOUT.prefix();
    bucket.uploads.add(
        new UnfinishedUpload(
            prefix.key("basebackups_005/x"), "old", now.minus(Duration.ofDays(2))));
    bucket.uploads.add(
        new UnfinishedUpload(
            prefix.key("basebackups_005/y"), "new", now.minus(Duration.ofHours(1))));

    apply();

    assertThat(bucket.uploads).extracting(UnfinishedUpload::id).containsExactly("new");
  }

  /// P76: whatever is cut off, no backup is offered of which something is missing, and the next run
  /// goes on.
  @Test
  void mayBeKilledAnywhereAndRepeated() {
    var whole = new Bucket(bucket);
    apply();
    Set<ObjectKey> wanted = archive();
    for (int calls = 0; calls < 7; calls++) {
      bucket = new Bucket(whole);
      bucket.callsUntilKilled = calls;
      try {
        apply();
      } catch (KilledException _) {
        // as wanted; the last rounds need fewer calls
      }
      for (BaseBackup backup : backups) {
        if (bucket.head(ArchiveModel.LAYOUT.sentinel(backup.name())).isPresent()) {
          assertThat(
                  bucket.head(
                      ArchiveModel.LAYOUT.tarPartitions(backup.name()).key("part_001.tar.zst")))
              .as("killed at call %d, %s", calls, backup.name())
              .isPresent();
          backup
              .deltaFrom()
              .ifPresent(
                  base -> assertThat(bucket.head(ArchiveModel.LAYOUT.sentinel(base))).isPresent());
        }
      }
      bucket.callsUntilKilled = Integer.MAX_VALUE;
      clock.advance(Duration.ofMinutes(2));
      apply();
      assertThat(archive()).as("killed at call %d", calls).isEqualTo(wanted);
    }
  }

  @Test
  void anotherRunOrABaseBackupIsWaitedFor() {
    Set<ObjectKey> before = archive();
    for (String lease : List.of("retention", "backup")) {
      try (Lease _ = leases().acquire(ArchiveModel.PREFIX, lease, "somebody")) {
        assertThatThrownBy(this::apply)
            .isInstanceOfSatisfying(
                PgBackupException.class,
                failure -> assertThat(failure.problem()).isInstanceOf(Problem.Refused.class));
      }
    }
    assertThat(archive()).isEqualTo(before);
  }

  /// P75.
  @Test
  void aRestoreThatRunsStopsIt() {
    Set<ObjectKey> before = archive();
    try (Lease _ = leases().acquire(ArchiveModel.PREFIX, "restore-1a2b", "restore into /data")) {
      assertThat(apply().stopped().orElseThrow()).contains("restore into /data");
    }
    assertThat(archive()).isEqualTo(before);
  }

  /// P75: it may have read its sentinel before that was deleted.
  @Test
  void aRestoreThatBeginsMeanwhileKeepsItsFilesAndItsWal() {
    bucket.afterFirstDelete =
        () -> {
          var _ = leases().acquire(ArchiveModel.PREFIX, "restore-1a2b", "restore into /data");
        };
    RetentionOutcome outcome = apply();

    assertThat(outcome.stopped().orElseThrow()).contains("a restore began");
    assertThat(outcome.deletedObjects()).isEqualTo(4);
    for (BaseBackup backup : backups) {
      assertThat(
              bucket.head(ArchiveModel.LAYOUT.tarPartitions(backup.name()).key("part_001.tar.zst")))
          .isPresent();
    }
  }

  @Test
  void aHoldThatComesMeanwhileStopsIt() {
    bucket.afterFirstDelete =
        () -> {
          var _ =
              new Holds(bucket, clock)
                  .add(
                      ArchiveModel.PREFIX,
                      "alice",
                      "audit",
                      new Hold.Held.Since(ArchiveModel.BEGIN),
                      Optional.empty());
        };
    assertThat(apply().stopped().orElseThrow()).contains("a hold changed");
    assertThat(model.without(gone()).stands(backups.getLast())).isTrue();
  }

  /// A clock that is a year ahead ends every window, hold and lease.
  @Test
  void aClockThatIsNotTheStoresStopsIt() {
    Set<ObjectKey> before = archive();
    for (Duration apart : List.of(Duration.ofDays(365), Duration.ofMinutes(-6))) {
      bucket.behind = apart;
      RetentionOutcome outcome = apply();
      assertThat(outcome.stopped().orElseThrow())
          .isEqualTo(
              "the clock of this machine is %d minutes %s that of the store"
                  .formatted(apart.abs().toMinutes(), apart.isNegative() ? "behind" : "ahead of"));
      assertThat(outcome.plan().blocks()).contains(outcome.stopped().orElseThrow());
    }
    assertThat(archive()).isEqualTo(before);

    bucket.behind = Duration.ofMinutes(4);
    assertThat(apply().complete()).isTrue();
  }

  @Test
  void withoutTheRightToDeleteItSaysSoAndLeavesAllAsItWas() {
    Set<ObjectKey> before = archive();
    bucket.locked = _ -> true;
    RetentionOutcome outcome = apply();

    assertThat(outcome.deletedObjects()).isZero();
    assertThat(outcome.refused())
        .isNotEmpty()
        .allSatisfy((_, why) -> assertThat(why).contains("ObjectLocked"));
    assertThat(outcome.stopped().orElseThrow()).contains("ObjectLocked");
    assertThat(archive()).isEqualTo(before);
  }

  /// P77.
  @Test
  void aLockedBackupStaysWholeWithWhatItStandsOn() {
    BaseBackup delta = backups.get(3);
    bucket.locked = key -> key.equals(ArchiveModel.LAYOUT.sentinel(delta.name()));
    RetentionOutcome outcome = apply();

    assertThat(outcome.refused()).containsOnlyKeys(ArchiveModel.LAYOUT.sentinel(delta.name()));
    ArchiveModel left = model.without(gone());
    assertThat(left.stands(delta)).isTrue();
    assertThat(left.stands(backups.get(2))).isTrue();
    assertThat(left.backups).doesNotContain(backups.get(0), backups.get(1));
  }

  /// What the store says is not believed.
  @Test
  void whatIsStillThereIsReported() {
    bucket.lies = true;
    RetentionOutcome outcome = apply();
    assertThat(outcome.complete()).isFalse();
    assertThat(outcome.deletedObjects()).isZero();
  }

  /// Nobody lists what an index object speaks of.
  @Test
  void whatSaysThatDeletedWalIsThereGoesBeforeIt() {
    List<String> wal =
        bucket
            .list(ArchiveModel.LAYOUT.wal().path() + "00000001")
            .map(object -> object.key().name().substring(0, 24))
            .distinct()
            .toList();
    ObjectKey ofAll = index(wal.getFirst(), wal.getLast());
    ObjectKey ofTheLast = index(wal.getLast(), wal.getLast());
    bucket.create(ofTheLast, new byte[0], Map.of());
    // an agent that had listed before writes it while WAL is deleted
    bucket.create(ofAll, new byte[0], Map.of());
    bucket.afterDelete =
        keys -> {
          if (keys.stream().anyMatch(key -> key.value().contains("/wal_005/"))) {
            assertThat(bucket.head(ofAll)).isEmpty();
            bucket.create(ofAll, new byte[0], Map.of());
            bucket.afterDelete = _ -> {};
          }
        };

    RetentionOutcome outcome = apply();

    assertThat(outcome.plan().segments()).isNotEmpty();
    assertThat(archive()).contains(ofTheLast).doesNotContain(ofAll);
  }

  @Test
  void whatIsLockedIsTakenBackInstead() {
    String first =
        bucket
            .list(ArchiveModel.LAYOUT.wal().path())
            .map(object -> object.key().name().substring(0, 24))
            .findFirst()
            .orElseThrow();
    ObjectKey index = index(first, first);
    bucket.create(index, new byte[0], Map.of());
    bucket.locked = index::equals;

    RetentionOutcome outcome = apply();

    assertThat(outcome.complete()).isTrue();
    assertThat(archive())
        .contains(index, new ObjectKey(index.value().replace(".json", ".void")))
        .doesNotContainAnyElementsOf(outcome.plan().segments());
  }

  private static ObjectKey index(String first, String last) {
    return ArchiveModel.LAYOUT
        .index()
        .folder(first.substring(0, 8))
        .key(first + "-" + last + ".json");
  }

  private RetentionOutcome apply() {
    Leases leases = leases();
    var reader = new RetentionReader(new Catalog(bucket), new Holds(bucket, clock), leases, clock);
    return new RetentionRunner(bucket, reader, leases, "a test").apply(model.lineage(), TWO);
  }

  private Leases leases() {
    return new Leases(bucket, clock);
  }

  private Set<ObjectKey> archive() {
    return bucket
        .list("")
        .map(StoredObject::key)
        .filter(key -> !key.value().contains("/leases/"))
        .collect(Collectors.toSet());
  }

  private List<ObjectKey> gone() {
    Set<ObjectKey> left = archive();
    return model.objects.keySet().stream().filter(key -> !left.contains(key)).toList();
  }

  private static final class KilledException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /// A bucket in which deleting may go wrong.
  private final class Bucket extends MemoryObjectStore {
    private int callsUntilKilled = Integer.MAX_VALUE;
    private Runnable afterFirstDelete = () -> {};
    private Consumer<Collection<ObjectKey>> afterDelete = _ -> {};
    private Predicate<ObjectKey> locked = _ -> false;
    private boolean lies;
    private final List<UnfinishedUpload> uploads = new ArrayList<>();

    /// Its clock, against that of whoever deletes.
    private Duration behind = Duration.ZERO;

    Bucket() {}

    Bucket(Bucket original) {
      super(original);
    }

    @Override
    public synchronized Optional<StoredObject> head(ObjectKey key) {
      return super.head(key)
          .map(
              object ->
                  key.value().contains("/leases/")
                      ? new StoredObject(
                          key,
                          object.size(),
                          clock.instant().minus(behind),
                          object.version(),
                          object.metadata())
                      : object);
    }

    @Override
    public List<UnfinishedUpload> unfinishedUploads(StoreFolder folder) {
      return List.copyOf(uploads);
    }

    @Override
    public void abort(UnfinishedUpload upload) {
      uploads.remove(upload);
    }

    @Override
    public Map<ObjectKey, String> deleteOrExplain(Collection<ObjectKey> keys) {
      if (callsUntilKilled-- <= 0) {
        throw new KilledException();
      }
      // a lease is written once a second
      clock.advance(Duration.ofSeconds(1));
      Map<ObjectKey, String> refused = new LinkedHashMap<>();
      keys.stream().filter(locked).forEach(key -> refused.put(key, "ObjectLocked: until 2027"));
      if (!lies) {
        var _ = delete(keys.stream().filter(key -> !refused.containsKey(key)).toList());
      }
      Runnable then = afterFirstDelete;
      afterFirstDelete = () -> {};
      then.run();
      afterDelete.accept(keys);
      return refused;
    }
  }
}
