package io.pgbackup.cli.view;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.Unreadable;
import io.pgbackup.cli.output.JsonOutput;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RecoveryTarget;
import io.pgbackup.restore.RestoreUndo.Undone;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ViewsTest {
  private static final List<LineageCatalog> ALL =
      List.of(Catalogs.orders(), Catalogs.withGap(), Catalogs.empty());

  private static final List<Unreadable> UNREADABLE =
      List.of(
          new Unreadable(
              StoreFolder.of("spilo/ledger/wal/15"),
              new ClusterId("default", "ledger"),
              new LineageUid("ledger"),
              Problem.verificationFailed(
                  "wal_005/000000010000000000000007.lz4 is encrypted with a key that nothing names",
                  "Configure encryption.")));

  @Test
  void anUndoSpeaksOfTheServerOnlyWhereItHadToDoWithIt() {
    assertThat(UndoView.text(undone(false, false))).doesNotContain("server");
    assertThat(UndoView.text(undone(true, false))).contains("the server is yours to start");
    assertThat(UndoView.text(undone(false, true))).contains("the server runs again");
  }

  private static Undone undone(boolean oldBack, boolean started) {
    return new Undone(
        Path.of("/srv/data"), new RecoveryTarget.Latest(), Optional.empty(), oldBack, started);
  }

  @Test
  void clustersAsTable() throws IOException {
    Snapshots.assertMatches(ClustersView.table(ALL, List.of()), "clusters.txt");
  }

  @Test
  void whatCannotBeReadHasARowAsWell() throws IOException {
    Snapshots.assertMatches(ClustersView.table(ALL, UNREADABLE), "clusters-unreadable.txt");
  }

  @Test
  void clustersAsJson() throws IOException {
    Snapshots.assertMatches(JsonOutput.render(ClustersView.json(ALL, UNREADABLE)), "clusters.json");
  }

  @Test
  void backupsAsTable() throws IOException {
    Snapshots.assertMatches(BackupsView.table(ALL), "backups.txt");
  }

  @Test
  void backupsAsJson() throws IOException {
    Snapshots.assertMatches(JsonOutput.render(BackupsView.json(ALL)), "backups.json");
  }

  @Test
  void windowInUtcOnlyWhereThatIsLocalTime() throws IOException {
    Snapshots.assertMatches(WindowView.text(ALL, ZoneOffset.UTC), "window.txt");
  }

  @Test
  void windowWithLocalTimeBesideUtc() throws IOException {
    Snapshots.assertMatches(
        WindowView.text(List.of(Catalogs.orders()), ZoneId.of("Europe/Berlin")),
        "window-berlin.txt");
  }

  @Test
  void windowAsJson() throws IOException {
    Snapshots.assertMatches(JsonOutput.render(WindowView.json(ALL)), "window.json");
  }

  @Test
  void statusOfAHealthyAgent() throws IOException {
    Snapshots.assertMatches(StatusView.text(Statuses.healthy()), "status.txt");
  }

  @Test
  void statusOfAnAgentInTrouble() throws IOException {
    Snapshots.assertMatches(StatusView.text(Statuses.inTrouble()), "status-trouble.txt");
  }

  @Test
  void statusSaysWhatWalgDoesAndLacks() {
    assertThat(StatusView.text(Statuses.drivingWalg()))
        .contains(
            "  engines     base backups wal-g, WAL wal-g; wal-g v3.0.9, started again 2 times, at"
                + " most 52 MiB of memory\n"
                + "              Base backups by wal-g have no manifest.\n");
  }
}
