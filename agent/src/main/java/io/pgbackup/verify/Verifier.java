package io.pgbackup.verify;

import io.pgbackup.catalog.ArchiveSurvey;
import io.pgbackup.catalog.ArchiveSurvey.UnreadableBackup;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Chains;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.embedded.ChainCheck;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Claim;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Collectors;

/// Reads base backups and their WAL to the last byte and compares them with what the archive says
/// of them. Writes nothing, and needs nothing but to list and to read. Thread-safe.
///
/// Damage is a [Fault] in the report. A store that does not answer is a
/// [io.pgbackup.problem.PgBackupException], because then nothing is proved.
///
/// Memory: some 300 bytes for each file of one backup, the codecs' windows of as many objects as
/// are read at a time, and 64 MiB of WAL (or one segment, where that is larger).
public final class Verifier {
  private final ObjectStore store;
  private final ObjectCipher cipher;
  private final int parallelism;

  /// @param cipher with the keys to read with
  /// @param parallelism objects that are read at the same time, at least 1
  public Verifier(ObjectStore store, ObjectCipher cipher, int parallelism) {
    this.store = store;
    this.cipher = cipher;
    this.parallelism = parallelism;
  }

  /// @param onward whether WAL is read to the newest segment, and not only what makes the backups
  ///   consistent
  /// @throws PgBackupException `NotFound` if the lineage has no such backup
  public VerifyReport verify(
      Lineage lineage, Selection selection, boolean onward, VerifyListener listener) {
    long begin = System.nanoTime();
    ArchiveSurvey survey = new Catalog(store, cipher).survey(lineage);
    List<Fault> others = new ArrayList<>();
    List<BaseBackup> chosen = choose(survey, selection, others);
    List<BaseBackup> withParents = withParents(survey, chosen, others);
    try (var threads = new ReadingThreads(parallelism)) {
      var inspection = new BackupInspection(store, survey.layout(), cipher, threads, listener);
      Map<BackupName, BackupReport> reports = new LinkedHashMap<>();
      withParents.forEach(backup -> reports.put(backup.name(), inspection.read(backup.name())));
      chosen.stream()
          .filter(BaseBackup::isDelta)
          .filter(backup -> isWholeChain(survey, backup, reports))
          .forEach(backup -> checkChain(survey.layout(), backup, others));
      WalReport wal = wal(survey, chosen, onward, threads, listener, others);
      return new VerifyReport(
          lineage,
          List.copyOf(reports.values()),
          wal,
          others,
          Duration.ofNanos(System.nanoTime() - begin));
    }
  }

  private static List<BaseBackup> choose(
      ArchiveSurvey survey, Selection selection, List<Fault> others) {
    Optional<BaseBackup> newest =
        survey.backups().stream().max(Comparator.comparing(BaseBackup::finishTime));
    List<UnreadableBackup> unreadable =
        survey.unreadable().stream()
            .filter(
                backup ->
                    switch (selection) {
                      case Selection.All _ -> true;
                      case Selection.Named(BackupName name) -> backup.name().equals(name);
                      // it might be the newest
                      case Selection.Newest _ ->
                          newest
                              .map(known -> known.name().startSegment())
                              .filter(start -> start.compareTo(backup.name().startSegment()) > 0)
                              .isEmpty();
                    })
            .toList();
    unreadable.forEach(
        backup ->
            others.add(
                new Fault(
                    survey.layout().sentinel(backup.name()).value(), backup.reason(), Fault.LOOK)));
    List<BaseBackup> chosen =
        survey.backups().stream()
            .filter(
                backup ->
                    switch (selection) {
                      case Selection.All _ -> true;
                      case Selection.Named(BackupName name) -> backup.name().equals(name);
                      case Selection.Newest _ -> newest.filter(backup::equals).isPresent();
                    })
            .toList();
    if (chosen.isEmpty() && unreadable.isEmpty()) {
      throw notFound(survey.lineage(), selection).asException();
    }
    return chosen;
  }

  private static Problem notFound(Lineage lineage, Selection selection) {
    return selection instanceof Selection.Named(BackupName name)
        ? Problem.notFound(
            "%s has no base backup %s".formatted(lineage.cluster(), name),
            "'pgbackup backups' lists them.")
        : Problem.notFound(
            "%s has no base backup in lineage %s".formatted(lineage.cluster(), lineage.uid()),
            "'pgbackup backups' lists what is there.");
  }

  /// Oldest first. A chain that cannot be followed is a fault.
  private List<BaseBackup> withParents(
      ArchiveSurvey survey, List<BaseBackup> chosen, List<Fault> others) {
    Chains chains = Chains.of(survey.backups());
    SequencedSet<BaseBackup> all = new LinkedHashSet<>();
    for (BaseBackup backup : chosen) {
      chains
          .of(backup.name())
          .ifPresentOrElse(
              all::addAll,
              () -> {
                checkChain(survey.layout(), backup, others);
                all.add(backup);
              });
    }
    return all.stream().sorted(Comparator.comparing(BaseBackup::finishTime)).toList();
  }

  /// A chain of which every object is sound may still not fit together.
  private void checkChain(ArchiveLayout layout, BaseBackup backup, List<Fault> others) {
    try {
      var _ = Attempts.of(() -> ChainCheck.of(store, layout, backup.name()));
    } catch (PgBackupException e) {
      others.add(Attempts.fault(layout.sentinel(backup.name()), e));
    }
  }

  private static boolean isWholeChain(
      ArchiveSurvey survey, BaseBackup backup, Map<BackupName, BackupReport> reports) {
    return Chains.of(survey.backups())
        .of(backup.name())
        .filter(
            chain ->
                chain.stream()
                    .allMatch(
                        link ->
                            Optional.ofNullable(reports.get(link.name()))
                                .filter(BackupReport::isSound)
                                .isPresent()))
        .isPresent();
  }

  private WalReport wal(
      ArchiveSurvey survey,
      List<BaseBackup> chosen,
      boolean onward,
      ReadingThreads threads,
      VerifyListener listener,
      List<Fault> others) {
    if (chosen.isEmpty()) {
      return new WalReport(0, 0, onward, List.of(), List.of());
    }
    WalSegmentSize size = survey.segmentSize().orElse(WalSegmentSize.DEFAULT);
    WalObjects objects = WalObjects.of(survey.wal(), size);
    SequencedSet<WalSegment> along = new LinkedHashSet<>();
    if (onward) {
      survey.timelinesInDoubt().stream().sorted().forEach(it -> others.add(unreadable(survey, it)));
      along.addAll(
          WantedWal.onward(chosen, path(survey, objects.segments()), objects.segments(), size));
    }
    SequencedSet<WalSegment> beside = WantedWal.of(chosen, size);
    beside.removeAll(along);
    listener.wal(along.size() + beside.size());
    var inspection =
        new WalInspection(
            store,
            cipher,
            objects,
            survey
                .lineage()
                .claim()
                .map(Claim::systemIdentifier)
                .or(() -> chosen.getFirst().systemIdentifier()),
            chosen.getLast().serverVersion().major(),
            begins(survey, size),
            threads);
    List<WalInspection.Found> found = List.of(inspection.read(along), inspection.read(beside));
    return new WalReport(
        along.size() + beside.size(),
        count(along, objects) + count(beside, objects),
        onward,
        found.stream().flatMap(each -> each.faults().stream()).toList(),
        found.stream().flatMap(each -> each.notes().stream()).toList());
  }

  private static Set<Lsn> begins(ArchiveSurvey survey, WalSegmentSize size) {
    return survey.backups().stream()
        .map(backup -> WalSegment.containing(backup.timeline(), backup.startLsn(), size).start())
        .collect(Collectors.toUnmodifiableSet());
  }

  private static int count(Collection<WalSegment> wanted, WalObjects objects) {
    return (int) wanted.stream().filter(objects::has).count();
  }

  private static Fault unreadable(ArchiveSurvey survey, Timeline timeline) {
    return new Fault(
        survey.layout().wal().key(timeline.toHex() + ".history").value(),
        "cannot be read, so nobody knows how timeline %s began".formatted(timeline),
        "Without it no recovery goes to that timeline; the server's pg_wal may still hold it.");
  }

  /// To the newest timeline whose history is known; without any, the newest that has a segment.
  private static TimelineHistory path(ArchiveSurvey survey, Collection<WalSegment> segments) {
    return survey.histories().values().stream()
        .max(Comparator.comparing(TimelineHistory::timeline))
        .orElseGet(
            () ->
                TimelineHistory.root(
                    segments.stream()
                        .map(WalSegment::timeline)
                        .max(Comparator.naturalOrder())
                        .orElse(Timeline.FIRST)));
  }
}
