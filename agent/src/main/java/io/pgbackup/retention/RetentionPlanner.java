package io.pgbackup.retention;

import io.pgbackup.catalog.ArchiveSurvey;
import io.pgbackup.catalog.ArchiveSurvey.UnreadableBackup;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Chains;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Claim;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.retention.RetentionPlan.BackupVerdict;
import io.pgbackup.retention.RetentionPlan.Leftover;
import io.pgbackup.retention.RetentionPlan.WalRange;
import io.pgbackup.store.StoredObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Decides what of one lineage's archive stays. Pure: no clock, no store.
///
/// The order of base backups is that of the times in their sentinels. The times of objects, which a
/// copy of a bucket changes, only ever add to what is kept.
///
/// A backup that is kept by the window, by `keepFull` or for being the newest keeps all WAL from
/// its start on; one that is kept as a point, permanent or held by name keeps what makes it
/// consistent. What cannot be read is kept, and all that might belong to it.
///
/// A withdrawn backup is one that cannot be restored: it counts for no rule, and goes when the
/// rules have passed over its time. Not sooner, because whoever may write beside a backup could
/// withdraw it.
public final class RetentionPlanner {
  /// Objects of a base backup that is under way are never as old as this.
  static final Duration SAFE_AGE = Duration.ofDays(1);

  private final RetentionInput input;
  private final ArchiveSurvey survey;
  private final WalSegmentSize segmentSize;
  private final ArchivedWal wal;
  private final TimelinePaths paths;
  private final Chains chains;

  /// All that could be read, the withdrawn ones too.
  private final List<BaseBackup> backups;

  private final List<BaseBackup> usable;
  private final Map<BackupName, Set<String>> reasons = new HashMap<>();

  /// Those that keep the WAL behind them.
  private final Set<BackupName> beginnings = new HashSet<>();

  private RetentionPlanner(RetentionInput input) {
    this.input = input;
    this.survey = input.survey();
    this.segmentSize = survey.segmentSize().orElse(WalSegmentSize.DEFAULT);
    this.wal = new ArchivedWal(survey.wal(), segmentSize);
    this.paths = TimelinePaths.of(survey);
    this.chains = Chains.of(survey.backups());
    this.backups =
        Stream.concat(survey.backups().stream(), survey.withdrawn().stream())
            .sorted(KeepPoints.NEWER)
            .toList();
    this.usable =
        backups.stream()
            .filter(backup -> chains.of(backup.name()).isPresent())
            .filter(backup -> wal.missing(backup).isEmpty())
            .toList();
  }

  public static RetentionPlan plan(RetentionInput input) {
    return new RetentionPlanner(input).plan();
  }

  private RetentionPlan plan() {
    keepNewest();
    keepFull();
    keepSince(
        input.now().minus(input.rules().window()),
        "in the window of " + Words.duration(input.rules().window()),
        "the window begins behind it");
    new KeepPoints(input.rules()).choose(usable, (backup, why) -> keep(backup.name(), why));
    backups.stream()
        .filter(BaseBackup::permanent)
        .forEach(backup -> keep(backup.name(), "marked permanent"));
    input.holds().stream().filter(hold -> hold.holds(input.now())).forEach(this::obey);
    keepUnreadable();
    keepBases();
    BackupObjects objects = BackupObjects.of(survey);
    return new RetentionPlan(
        input.now(),
        input.rules(),
        verdicts(objects),
        walRanges(),
        leftovers(objects),
        unreadable(),
        blocks());
  }

  private void keep(BackupName name, String why) {
    reasons.computeIfAbsent(name, _ -> new LinkedHashSet<>()).add(why);
  }

  private void begin(BaseBackup backup, String why) {
    keep(backup.name(), why);
    beginnings.add(backup.name());
  }

  private void keepNewest() {
    Stream.of(backups, usable)
        .filter(list -> !list.isEmpty())
        .forEach(list -> begin(list.getLast(), "the newest"));
  }

  /// Backups that cannot be restored do not count, but are not deleted before those that count.
  private void keepFull() {
    int count = input.rules().keepFull();
    List<BaseBackup> full = usable.stream().filter(backup -> !backup.isDelta()).toList();
    Set<BackupName> counted = new HashSet<>();
    full.reversed().stream().limit(count).map(BaseBackup::name).forEach(counted::add);
    Optional<BaseBackup> oldest =
        full.size() < count ? Optional.empty() : Optional.of(full.get(full.size() - count));
    for (BaseBackup backup : backups) {
      if (counted.contains(backup.name())) {
        begin(
            backup,
            count == 1 ? "the newest full one" : "one of the newest %d full ones".formatted(count));
      } else if (oldest.isEmpty() || KeepPoints.NEWER.compare(backup, oldest.get()) > 0) {
        begin(
            backup,
            oldest.isEmpty()
                ? "there are fewer than %d full ones".formatted(count)
                : "newer than the oldest full one to keep");
      }
    }
  }

  /// Every instant from this one on: all backups since, and on each way through the timelines the
  /// last one before. Where the server's clock was set back, the last by time need not be the last
  /// by position; both are kept.
  private void keepSince(Instant since, String within, String before) {
    List<BaseBackup> older = new ArrayList<>();
    for (BaseBackup backup : backups) {
      if (backup.finishTime().isBefore(since)) {
        older.add(backup);
      } else {
        begin(backup, within);
      }
    }
    older.retainAll(usable);
    Timeline newest = newestTimeline();
    for (Timeline timeline : timelines()) {
      for (List<BaseBackup> candidates : older(timeline, older)) {
        Optional<BaseBackup> byTime = candidates.stream().max(KeepPoints.NEWER);
        Optional<BaseBackup> byPosition =
            candidates.stream()
                .max(Comparator.comparing(BaseBackup::finishLsn).thenComparing(KeepPoints.NEWER));
        Stream.of(byTime, byPosition)
            .flatMap(Optional::stream)
            .filter(backup -> timeline.equals(newest) || goesOn(timeline, backup, since))
            .forEach(backup -> begin(backup, before));
      }
    }
  }

  /// Older backups on the way to a timeline; where the way is not known, each timeline's own.
  private List<List<BaseBackup>> older(Timeline timeline, List<BaseBackup> older) {
    List<BaseBackup> possible =
        older.stream()
            .filter(backup -> paths.mayLeadFrom(backup.timeline(), backup.finishLsn(), timeline))
            .toList();
    return paths.isKnown(timeline)
        ? List.of(possible)
        : possible.stream()
            .map(BaseBackup::timeline)
            .distinct()
            .map(own -> possible.stream().filter(backup -> backup.timeline().equals(own)).toList())
            .toList();
  }

  /// Whether a timeline that was left may hold instants since then: a commit reaches the archive
  /// after it happened.
  private boolean goesOn(Timeline timeline, BaseBackup from, Instant since) {
    return wal.on(timeline).reversed().stream()
            .takeWhile(item -> !item.segment().end().isBefore(from.startLsn()))
            .anyMatch(item -> !item.object().modified().isBefore(since))
        || backups.stream()
            .anyMatch(
                backup ->
                    backup.timeline().equals(timeline) && !backup.finishTime().isBefore(since));
  }

  private Set<Timeline> timelines() {
    Set<Timeline> all = new TreeSet<>(wal.timelines());
    survey.backups().forEach(backup -> all.add(backup.timeline()));
    all.addAll(survey.histories().keySet());
    all.addAll(survey.timelinesInDoubt());
    return all;
  }

  private Timeline newestTimeline() {
    return timelines().stream().max(Comparator.naturalOrder()).orElse(Timeline.FIRST);
  }

  private void obey(Hold hold) {
    switch (hold.held()) {
      case Hold.Held.Backup(BackupName name) -> keep(name, hold.words());
      case Hold.Held.Since(Instant since) -> keepSince(since, hold.words(), hold.words());
    }
  }

  private List<UnreadableBackup> unreadable() {
    return survey.unreadable().stream()
        .sorted(Comparator.comparing(UnreadableBackup::name))
        .toList();
  }

  private void keepUnreadable() {
    for (UnreadableBackup backup : unreadable()) {
      keep(backup.name(), "cannot be read: " + backup.reason());
      backup
          .name()
          .parentSegment()
          .ifPresent(
              parent ->
                  backups.stream()
                      .filter(other -> other.name().startSegment().equals(parent))
                      .forEach(
                          other ->
                              keep(other.name(), "%s may stand on it".formatted(backup.name()))));
    }
  }

  private void keepBases() {
    Map<BackupName, BaseBackup> byName = new HashMap<>();
    backups.forEach(backup -> byName.put(backup.name(), backup));
    for (BaseBackup backup : backups.reversed()) {
      Optional<BackupName> base =
          reasons.containsKey(backup.name()) ? backup.deltaFrom() : Optional.empty();
      Set<BackupName> seen = new HashSet<>();
      while (base.isPresent() && seen.add(base.get())) {
        keep(base.get(), "%s stands on it".formatted(backup.name()));
        base = Optional.ofNullable(byName.get(base.get())).flatMap(BaseBackup::deltaFrom);
      }
    }
  }

  private List<BackupVerdict> verdicts(BackupObjects objects) {
    Stream<BackupVerdict> unreadable =
        unreadable().stream()
            .map(UnreadableBackup::name)
            .map(name -> verdict(name, Optional.empty(), objects));
    return Stream.concat(
            unreadable,
            backups.stream().map(backup -> verdict(backup.name(), Optional.of(backup), objects)))
        .toList();
  }

  private BackupVerdict verdict(
      BackupName name, Optional<BaseBackup> backup, BackupObjects objects) {
    StoredObject sentinel = objects.sentinels().get(name);
    if (sentinel == null) {
      throw new IllegalArgumentException("the survey has no sentinel of " + name);
    }
    return new BackupVerdict(
        name,
        backup,
        backup.map(survey.withdrawn()::contains).orElse(false),
        List.copyOf(reasons.getOrDefault(name, Set.of())),
        sentinel,
        objects.of(name));
  }

  private KeptWal keptWal() {
    KeptWal kept = new KeptWal(paths, wal, newestTimeline(), input.now().minus(SAFE_AGE));
    for (BaseBackup backup : backups) {
      if (reasons.containsKey(backup.name())) {
        kept.keepSpan(backup.timeline(), backup.startLsn(), backup.finishLsn());
      }
      if (beginnings.contains(backup.name())) {
        kept.keepFrom(backup.timeline(), backup.startLsn(), backup.finishLsn());
      }
    }
    for (UnreadableBackup backup : survey.unreadable()) {
      WalSegment.tryParse(backup.name().startSegment(), segmentSize)
          .ifPresent(
              start -> {
                // where in its first segment a path left the timeline is not known
                kept.keepFrom(start.timeline(), start.start(), start.start());
                kept.keepFrom(start.timeline(), start.start(), start.end().plus(-1));
              });
    }
    return kept;
  }

  private List<WalRange> walRanges() {
    KeptWal kept = keptWal();
    List<WalRange> ranges = new ArrayList<>();
    for (Timeline timeline : wal.timelines()) {
      List<ArchivedWal.Item> open = new ArrayList<>();
      for (ArchivedWal.Item item : wal.on(timeline)) {
        if (!open.isEmpty() && kept.needs(open.getFirst()) != kept.needs(item)) {
          ranges.add(range(open, kept));
          open.clear();
        }
        open.add(item);
      }
      ranges.add(range(open, kept));
    }
    return ranges;
  }

  private static WalRange range(List<ArchivedWal.Item> items, KeptWal kept) {
    return new WalRange(
        items.getFirst().segment(),
        items.getLast().segment(),
        kept.needs(items.getFirst()),
        items.stream().map(ArchivedWal.Item::object).toList());
  }

  private List<Leftover> leftovers(BackupObjects objects) {
    return objects.unfinished().stream()
        .map(
            name -> {
              List<StoredObject> all = objects.of(name);
              return new Leftover(name, keptBecause(all), all);
            })
        .toList();
  }

  /// A backup under way writes all the time, and until it has ended no newer one begins.
  private Optional<String> keptBecause(List<StoredObject> objects) {
    Instant last =
        objects.stream().map(StoredObject::modified).max(Comparator.naturalOrder()).orElseThrow();
    if (last.isAfter(input.now().minus(SAFE_AGE))) {
      return Optional.of("younger than a day: it may be under way");
    }
    boolean overtaken = usable.stream().anyMatch(backup -> backup.startTime().isAfter(last));
    return overtaken
        ? Optional.empty()
        : Optional.of("no base backup began after it: it may be under way");
  }

  private List<String> blocks() {
    List<String> blocks = new ArrayList<>(input.doubts());
    input
        .restores()
        .forEach(
            restore ->
                blocks.add(
                    "%s runs; its lease ends at %s unless it is renewed"
                        .formatted(restore.holder(), restore.expiresAt())));
    if (usable.isEmpty()) {
      blocks.add("no base backup is there that can be restored");
    } else if (!usable.getLast().equals(backups.getLast())) {
      blocks.add(
          "the newest base backup, %s, cannot be restored: %s"
              .formatted(backups.getLast().name(), whyUnusable(backups.getLast())));
    }
    survey.timelinesInDoubt().stream()
        .sorted()
        .forEach(
            timeline ->
                blocks.add(
                    "the history of timeline %s cannot be read, so nobody knows which WAL it needs"
                        .formatted(timeline)));
    servers().ifPresent(blocks::add);
    split().ifPresent(blocks::add);
    if (survey.segmentSize().isEmpty()) {
      blocks.add("no claim and no readable WAL says how long a segment is");
    }
    return List.copyOf(new LinkedHashSet<>(blocks));
  }

  private String whyUnusable(BaseBackup backup) {
    if (survey.withdrawn().contains(backup)) {
      return "it was withdrawn because it failed a proof";
    }
    return wal.missing(backup)
        .map(segment -> "WAL segment %s is missing".formatted(segment))
        .orElse("a base backup that it stands on is missing");
  }

  /// A folder that was used on after a major upgrade: one server's numbers mean nothing in the
  /// other's WAL.
  private Optional<String> servers() {
    Set<String> identifiers = new TreeSet<>();
    survey.backups().stream()
        .flatMap(backup -> backup.systemIdentifier().stream())
        .map(SystemIdentifier::toString)
        .forEach(identifiers::add);
    survey
        .lineage()
        .claim()
        .map(Claim::systemIdentifier)
        .map(SystemIdentifier::toString)
        .ifPresent(identifiers::add);
    return identifiers.size() > 1
        ? Optional.of(
            "base backups of several servers lie here, system identifiers "
                + String.join(", ", identifiers))
        : Optional.empty();
  }

  /// Two servers went on from one history, and no archive can tell which of them is the lineage's.
  private Optional<String> split() {
    Timeline newest = newestTimeline();
    return survey.backups().stream()
        .max(KeepPoints.NEWER)
        .filter(backup -> !paths.mayLeadFrom(backup.timeline(), backup.finishLsn(), newest))
        .map(
            backup ->
                "the newest base backup, %s, lies beside the way to timeline %s: two servers may have written here"
                    .formatted(backup.name(), newest));
  }
}
