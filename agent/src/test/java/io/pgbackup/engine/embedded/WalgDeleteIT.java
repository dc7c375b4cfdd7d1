package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.BackupRequest.Kind;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.embedded.StockWalg.Result;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What stock wal-g deletes in an archive of ours: what it says beforehand, and no more; and what
/// remains is restored.
class WalgDeleteIT {
  private static final Pattern MARKED = Pattern.compile("Object marked for deletion: (\\S+) ");

  /// What one target is looked for in.
  private static final String BACKUPS = "basebackups_005/";

  private static final BackupRequest DELTA = BackupRequest.of(Kind.DELTA);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  // opened by the test
  @SuppressWarnings("NullAway.Init")
  private DeltaLab lab;

  // opened by the test
  @SuppressWarnings("NullAway.Init")
  private StockWalg walg;

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  @Test
  void eachWayOfDeletingTakesWhatItSaysAndTheRestIsRestored() throws Exception {
    // given: two histories, each with a full backup and a delta, and one more full backup
    open();
    BackupName first = push(BackupRequest.FULL);
    BackupName firstDelta = push(DELTA);
    promote();
    BackupName second = push(BackupRequest.FULL);
    Map<String, String> atSecond = lab.tables();
    BackupName secondDelta = push(DELTA);
    BackupName third = push(BackupRequest.FULL);
    Map<String, String> atThird = lab.tables();
    lab.postgres().close();
    assertThat(catalogued()).containsExactly(first, firstDelta, second, secondDelta, third);

    // when a target is deleted, then it goes alone
    assertThat(deleted("target", secondDelta.value()))
        .isNotEmpty()
        .allMatch(key -> key.startsWith(BACKUPS + secondDelta));
    assertThat(catalogued()).containsExactly(first, firstDelta, second, third);

    // when two full backups are kept, then the other history goes, with what we know of it
    assertThat(deleted("retain", "FULL", "2"))
        .contains("pgbackup/manifests/" + first + ".json.zst")
        .anyMatch(key -> key.startsWith("wal_005/00000001"))
        .noneMatch(key -> key.contains(second.value()) || key.contains(third.value()))
        .noneMatch(key -> key.endsWith(".history.lz4"));
    assertThat(catalogued()).containsExactly(second, third);
    assertThat(lab.restored(lab.walg(second))).isEqualTo(atSecond);

    // when garbage is deleted, then an older backup without a sentinel and its WAL goes
    lab.store()
        .create(
            DeltaLab.LAYOUT.metadata(first),
            "what an upload that broke off left".getBytes(UTF_8),
            Map.of());
    assertThat(deleted("garbage")).containsExactly(BACKUPS + first + "/metadata.json");

    // when all before the last is deleted, then the last one has all it needs
    assertThat(deleted("before", third.value())).anyMatch(key -> key.contains(second.value()));
    assertThat(catalogued()).containsExactly(third);
    assertThat(lab.restored(lab.ours(third))).isEqualTo(atThird);

    // when everything is deleted, then that includes what is ours
    assertThat(objects()).contains("pgbackup/manifests/" + third + ".json.zst");
    deleted("everything");
    assertThat(objects()).isEmpty();
  }

  private void open() throws IOException {
    StockWalg.over(folder);
    lab = new DeltaLab(folder, PostgresRelease.NEWEST, Map.of());
    lab.postgres().start();
    lab.postgres().sql("create table words (i int, word text)");
    walg = StockWalg.over(lab.prefix());
  }

  private BackupName push(BackupRequest request) {
    TestPostgres postgres = lab.postgres();
    postgres.sql("insert into words select i, md5(i::text) from generate_series(1, 500) i");
    TakenBackup taken = lab.push(request);
    postgres.sql("select pg_switch_wal()");
    return taken.name();
  }

  private void promote() throws IOException {
    TestPostgres postgres = lab.postgres();
    postgres.stop();
    Path signal = Files.createFile(postgres.dataDirectory().resolve("standby.signal"));
    postgres.user().own(signal);
    postgres.start();
    postgres.sql("select pg_promote()");
    await()
        .atMost(DeltaLab.PATIENCE)
        .until(() -> postgres.value("select pg_is_in_recovery()"), "f"::equals);
  }

  /// Deletes, after a rehearsal that must have named exactly what is gone afterwards.
  private Set<String> deleted(String... way) throws Exception {
    Set<String> before = objects();
    Result rehearsal = walg.run(command("delete", way)).succeeded();
    assertThat(objects()).as("a rehearsal").isEqualTo(before);
    walg.run(command("delete", way, "--confirm")).succeeded();
    Set<String> gone = new TreeSet<>(before);
    gone.removeAll(objects());
    assertThat(gone)
        .isEqualTo(
            MARKED
                .matcher(rehearsal.errors())
                .results()
                .map(match -> way[0].equals("target") ? BACKUPS + match.group(1) : match.group(1))
                .collect(Collectors.toSet()));
    return gone;
  }

  private static String[] command(String verb, String[] way, String... more) {
    return Stream.of(Stream.of(verb), Stream.of(way), Stream.of(more))
        .flatMap(words -> words)
        .toArray(String[]::new);
  }

  /// Files below the archive's prefix, those included that no listing of ours shows.
  private Set<String> objects() throws IOException {
    try (Stream<Path> files = Files.walk(lab.prefix())) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> lab.prefix().relativize(file).toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private Stream<BackupName> catalogued() {
    Catalog catalog = new Catalog(lab.store());
    LineageCatalog read =
        catalog.read(
            catalog.lineages(new PrefixTemplate(DeltaLab.LAYOUT.prefix().toString())).getFirst());
    return read.backups().stream().map(BaseBackup::name);
  }
}
