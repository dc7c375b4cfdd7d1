package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.restore.CatalogModel.Span;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoreJournalTest {
  private static final Instant NOW = Instant.parse("2026-11-21T03:00:00.5Z");

  @TempDir Path folder;

  @Test
  void comesBackAsItWasWritten() throws IOException {
    RestorePaths paths = RestorePaths.of(folder.resolve("data"));
    RestoreJournal journal =
        RestoreJournal.begin(
                plan(new RecoveryTarget.AtTime(Instant.parse("2026-11-21T02:13:37.350046Z"))),
                new RestoreDestination.InPlace(folder.resolve("data"), true),
                NOW,
                Optional.of(new NewLineage(CatalogModel.CLUSTER, new LineageUid("second"))),
                Optional.of(paths.before(NOW)),
                Optional.of("earlier.json"))
            .withDone(RestoreStep.FETCH)
            .withDone(RestoreStep.RECOVER)
            .withOutcome(
                new RecoveryOutcome(
                    new Timeline(3), new Timeline(2), Lsn.parse("0/8000000"), Optional.of(NOW)),
                Set.of("postgres"))
            .withStopped(
                new StoppedServer(
                    Path.of("/usr/bin/postgres"), List.of("-c", "a=b \"c\""), Optional.empty()))
            .withUndone(paths.undone(NOW));

    journal.write(paths);

    assertThat(RestoreJournal.read(paths.journal())).contains(journal);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(paths.journal())))
        .isEqualTo("rw-------");
  }

  @Test
  void comesBackForADirectoryAndTheLatestState() throws IOException {
    RestorePaths paths = RestorePaths.of(folder.resolve("data"));
    RestoreJournal journal =
        RestoreJournal.begin(
            plan(new RecoveryTarget.Latest()),
            new RestoreDestination.NewDirectory(
                folder.resolve("data"), Optional.of(new ClusterId("default", "copy"))),
            NOW,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    journal.write(paths);

    assertThat(RestoreJournal.read(paths.journal())).contains(journal);
  }

  @Test
  void isReadableForPeople() throws IOException {
    RestorePaths paths = RestorePaths.of(folder.resolve("data"));
    RestoreJournal.begin(
            plan(new RecoveryTarget.Latest()),
            new RestoreDestination.InPlace(folder.resolve("data"), false),
            NOW,
            Optional.empty(),
            Optional.of(paths.before(NOW)),
            Optional.empty())
        .write(paths);

    assertThat(paths.journal())
        .content()
        .contains(
            "\"startLsn\" : \"0/180000\"",
            "\"000000010000000000000001-000000010000000000000004/1048576\"",
            "data.before-restore-20261121T030000Z\"");
  }

  @Test
  void aDamagedOneIsRefusedAndNeverTakenForNone() throws IOException {
    Path file = Files.writeString(folder.resolve("journal"), "{\"version\":1}");

    assertThatExceptionOfType(PgBackupException.class)
        .isThrownBy(() -> RestoreJournal.read(file))
        .withMessageContaining(file.toString());
    assertThat(RestoreJournal.read(folder.resolve("none"))).isEmpty();
  }

  @Property
  void segmentsComeBackFromTheirRuns(@ForAll Set<@IntRange(max = 300) Integer> numbers) {
    TreeSet<WalSegment> wal = new TreeSet<>();
    numbers.forEach(
        number -> wal.add(CatalogModel.segment(number).on(new Timeline(number / 100 + 1))));

    assertThat(WalRuns.read(WalRuns.write(wal).toArray(String[]::new))).isEqualTo(wal);
  }

  static RestorePlan plan(RecoveryTarget target) {
    return new RestorePlan(
        new Lineage(
            CatalogModel.CLUSTER,
            new LineageUid("first"),
            StoreFolder.of("orders/first"),
            Optional.empty()),
        target,
        List.of(CatalogModel.backup(new Span(1, 2))),
        TimelineHistory.parse(new Timeline(2), "1\t0/800000\tbefore\n"),
        CatalogModel.segment(0).size(),
        new TreeSet<>(
            List.of(
                CatalogModel.segment(1),
                CatalogModel.segment(2),
                CatalogModel.segment(3),
                CatalogModel.segment(4))));
  }
}
