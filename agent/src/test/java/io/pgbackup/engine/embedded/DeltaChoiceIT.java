package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.engine.BackupMarks;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.BackupRequest.Kind;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules;
import io.pgbackup.engine.embedded.EmbeddedBackupEngine.DeltaRules.Origin;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// When a backup is a delta, what it stands on, and when it must not be one.
class DeltaChoiceIT {
  private static final BackupRequest DELTA = BackupRequest.of(Kind.DELTA);
  private static final DeltaRules TWO = new DeltaRules(2, Origin.LATEST);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  // opened by each test
  @SuppressWarnings("NullAway.Init")
  private DeltaLab lab;

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  private TestPostgres open() throws IOException {
    lab = new DeltaLab(folder, PostgresRelease.NEWEST, Map.of());
    return lab.postgres().start();
  }

  @Test
  void theConfigurationSaysHowManyDeltasFollowAFullOne() throws Exception {
    open();
    BackupName full = lab.push(BackupRequest.CONFIGURED, TWO).name();
    BackupName first = lab.push(BackupRequest.CONFIGURED, TWO).name();
    BackupName second = lab.push(BackupRequest.CONFIGURED, TWO).name();
    BackupName next = lab.push(BackupRequest.CONFIGURED, TWO).name();
    assertThat(List.of(full, first, second, next))
        .extracting(BackupName::isDelta)
        .containsExactly(false, true, true, false);

    DeltaRules onFull = new DeltaRules(5, Origin.LATEST_FULL);
    BackupName third = lab.push(BackupRequest.CONFIGURED, onFull).name();
    TakenBackup fourth = lab.push(BackupRequest.CONFIGURED, onFull);
    assertThat(third.parentSegment()).contains(next.startSegment());
    assertThat(lab.sentinel(fourth.name()).delta().map(DeltaOrigin::parent)).contains(next);
    assertThat(lab.sentinel(fourth.name()).delta().map(DeltaOrigin::count))
        .as("as WAL-G counts")
        .contains(2);
    assertThat(lab.push(BackupRequest.of(Kind.FULL), onFull).name().isDelta()).isFalse();
  }

  @Test
  void nothingImpermanentStandsOnWhatIsPermanentByItself() throws Exception {
    open();
    BackupName full = lab.push(BackupRequest.FULL).name();
    var _ = new BackupMarks(lab.store(), DeltaLab.LAYOUT).markPermanent(full);

    assertRefused("is permanent");
    assertThat(lab.push(BackupRequest.CONFIGURED, TWO).name().isDelta()).isFalse();
  }

  @Test
  void aParentThatIsNotWholeIsNoParent() throws Exception {
    open();
    assertRefused("no base backup yet");
    BackupName full = lab.push(BackupRequest.FULL).name();
    ObjectKey list = DeltaLab.LAYOUT.filesMetadata(full);
    byte[] files = lab.read(list);

    lab.store().delete(List.of(list));
    assertRefused("has no list of its files");
    assertThat(lab.push(BackupRequest.CONFIGURED, TWO).name().isDelta()).isFalse();

    lab.store().delete(List.of(DeltaLab.LAYOUT.sentinel(latest(full))));
    lab.store().create(list, files, Map.of());
    lab.store().delete(List.of(DeltaLab.LAYOUT.tarPartitions(full).key("part_002.tar.zst")));
    assertRefused("part_002.tar.zst of " + full + " is gone");
  }

  /// The newest backup besides this one.
  private BackupName latest(BackupName other) {
    try (var objects = lab.store().list(DeltaLab.LAYOUT.baseBackups().path())) {
      return objects
          .flatMap(object -> DeltaLab.LAYOUT.backupOf(object.key()).stream())
          .filter(name -> !name.equals(other))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void afterAPromotionADeltaStandsOnWhatCameBeforeIt() throws Exception {
    TestPostgres postgres = open();
    postgres.sql(
        "create table words as select i, md5(i::text) word from generate_series(1, 20000) i");
    BackupName full = lab.push(BackupRequest.FULL).name();
    postgres.sql("update words set word = 'before the promotion' where i % 500 = 1");
    promote(postgres);
    postgres.sql("update words set word = 'after the promotion' where i % 500 = 2");
    Map<String, String> expected = lab.tables();

    TakenBackup delta = lab.push(DELTA);

    assertThat(delta.name().timeline()).isEqualTo(new Timeline(2));
    assertThat(delta.name().parentSegment()).contains(full.startSegment());
    assertThat(lab.manifest(delta.name()).values())
        .as("another server's pages can differ in what has no position")
        .allMatch(file -> file.pageLsns().isEmpty());
    postgres.stop();
    assertThat(lab.restored(lab.ours(delta.name()))).isEqualTo(expected);
  }

  @Test
  void aParentFromAfterTheTimelinesPartedIsNone() throws Exception {
    TestPostgres postgres = open();
    Path history = postgres.dataDirectory().resolve("pg_wal/00000002.history");
    TakenBackup full = lab.push(BackupRequest.FULL);
    promote(postgres);
    Files.writeString(history, "1\t" + full.startLsn() + "\tno recovery target specified\n");

    assertRefused("which the server's timeline 2 does not come from");

    Files.delete(history);
    assertRefused("00000002.history cannot be read");
  }

  private static void promote(TestPostgres postgres) throws IOException {
    postgres.stop();
    Path signal = Files.createFile(postgres.dataDirectory().resolve("standby.signal"));
    postgres.user().own(signal);
    postgres.start();
    postgres.sql("select pg_promote()");
    await()
        .atMost(DeltaLab.PATIENCE)
        .until(() -> postgres.value("select pg_is_in_recovery()"), "f"::equals);
  }

  private void assertRefused(String reason) {
    assertThatThrownBy(() -> lab.push(DELTA))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class))
        .hasMessageContaining("there can be no delta")
        .hasMessageContaining(reason);
  }
}
