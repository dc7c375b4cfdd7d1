package io.pgbackup.cli.view;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.GapState;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.catalog.RecoveryWindow;
import io.pgbackup.catalog.SegmentSet;
import io.pgbackup.catalog.WalGap;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.StoreFolder;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Catalogues as a command gets them, without a store.
public final class Catalogs {
  private static final BackupName FIRST = new BackupName("base_000000010000000000000002");

  private Catalogs() {}

  /// Two base backups and one window that ends with a fraction of a second.
  public static LineageCatalog orders() {
    return catalog(
        "orders",
        "6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a",
        List.of(
            backup(
                FIRST.value(),
                "2026-11-20T02:00:01.5Z",
                "2026-11-20T02:00:05.123456Z",
                1_610_612_736L,
                629_145_600L),
            backup(
                "base_000000010000000000000009",
                "2026-11-21T02:00:01Z",
                "2026-11-21T02:02:06Z",
                0,
                0)),
        List.of(window("2026-11-20T02:00:05.123456Z", "2026-11-21T04:59:58.75Z")),
        List.of(),
        Optional.of(Instant.parse("2026-11-21T04:59:58.75Z")));
  }

  /// Two windows with a gap between them.
  public static LineageCatalog withGap() {
    return catalog(
        "payments",
        "f00d",
        List.of(backup(FIRST.value(), "2026-11-20T02:00:01Z", "2026-11-20T02:00:05Z", 1000, 500)),
        List.of(
            window("2026-11-20T02:00:05Z", "2026-11-20T02:00:05.5Z"),
            window("2026-11-20T03:00:00Z", "2026-11-20T05:00:00Z")),
        List.of(
            new WalGap(
                segment("000000010000000000000004"),
                segment("000000010000000000000005"),
                GapState.CLOSED)),
        Optional.of(Instant.parse("2026-11-20T05:00:00Z")));
  }

  /// A folder without anything to restore from.
  public static LineageCatalog empty() {
    return catalog("new", "abc", List.of(), List.of(), List.of(), Optional.empty());
  }

  private static LineageCatalog catalog(
      String name,
      String uid,
      List<BaseBackup> backups,
      List<RecoveryWindow> windows,
      List<WalGap> gaps,
      Optional<Instant> lastCommit) {
    Lineage lineage =
        new Lineage(
            new ClusterId("default", name),
            new LineageUid(uid),
            StoreFolder.of("pgbackup/default/" + name + "/" + uid + "/18"),
            Optional.empty());
    return new LineageCatalog(
        lineage,
        backups,
        SegmentSet.of(List.of()),
        WalSegmentSize.DEFAULT,
        TimelineHistory.root(Timeline.FIRST),
        windows,
        Map.of(),
        gaps,
        lastCommit,
        Optional.empty(),
        List.of());
  }

  private static BaseBackup backup(
      String name, String start, String finish, long uncompressed, long compressed) {
    return new BaseBackup(
        new BackupName(name),
        Lsn.parse("0/2000028"),
        Lsn.parse("0/2000120"),
        Instant.parse(start),
        Instant.parse(finish),
        new ServerVersion(180006),
        Optional.of(SystemIdentifier.parse("7591234567890123456")),
        uncompressed,
        compressed,
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static RecoveryWindow window(String start, String end) {
    return new RecoveryWindow(Instant.parse(start), Instant.parse(end), FIRST, Timeline.FIRST);
  }

  private static WalSegment segment(String name) {
    return WalSegment.parse(name, WalSegmentSize.DEFAULT);
  }
}
