package io.pgbackup.engine.embedded;

import static io.pgbackup.engine.embedded.DeltaLab.NEWEST_FIRST;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.pgbackup.engine.BackupMarks;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.BackupRequest.Kind;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.embedded.StockWalg.Result;
import io.pgbackup.engine.format.BackupMetadata;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.testing.EachRelease;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Deltas of ours and of stock wal-g's on each other's backups; and what wal-g does with an archive
/// that holds both.
class WalgDeltaIT {
  private static final BackupRequest DELTA = BackupRequest.of(Kind.DELTA);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  // opened by each test
  @SuppressWarnings("NullAway.Init")
  private DeltaLab lab;

  // opened by each test
  @SuppressWarnings("NullAway.Init")
  private StockWalg walg;

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  @EachRelease
  void aChainOfBothRestoresWithBoth(PostgresRelease release) throws Exception {
    open(release);
    List<BackupName> names = new ArrayList<>();
    List<Map<String, String>> expected = new ArrayList<>();
    for (boolean ours : List.of(false, true, false, true)) {
      churn(names.size());
      expected.add(lab.tables());
      names.add(ours ? lab.push(names.isEmpty() ? BackupRequest.FULL : DELTA).name() : walgPush());
    }
    lab.postgres().close();

    assertThat(names.subList(1, 4)).allMatch(BackupName::isDelta);
    for (int link = 1; link < names.size(); link++) {
      BackupName name = names.get(link);
      assertThat(lab.restored(lab.unchecked(name)))
          .as("%s by us", name)
          .isEqualTo(expected.get(link));
      assertThat(lab.restored(lab.walg(name)))
          .as("%s by wal-g", name)
          .isEqualTo(expected.get(link));
    }
    assertThat(lab.restored(lab.walg(names.getLast(), NEWEST_FIRST))).isEqualTo(expected.getLast());
  }

  @Test
  void aDeltaOfItsOnAFullOfOursRestoresWithBoth() throws Exception {
    open(PostgresRelease.NEWEST);
    churn(0);
    BackupName full = lab.push(BackupRequest.FULL).name();
    churn(1);
    Map<String, String> expected = lab.tables();
    BackupName delta = walgPush();
    lab.postgres().close();

    assertThat(delta.parentSegment()).contains(full.startSegment());
    assertThat(lab.restored(lab.unchecked(delta))).isEqualTo(expected);
    assertThat(lab.restored(lab.walg(delta, NEWEST_FIRST))).isEqualTo(expected);
  }

  @Test
  void walgListsVerifiesMarksAndExpiresOurs() throws Exception {
    open(PostgresRelease.NEWEST);
    JsonNode data = JsonNodeFactory.instance.objectNode().put("ticket", 4711);
    churn(0);
    TakenBackup full = lab.push(BackupRequest.FULL);
    churn(1);
    TakenBackup delta = lab.push(new BackupRequest(Kind.DELTA, true, Optional.of(data)));

    JsonNode listed = json(walg.run("backup-list", "--detail", "--json").succeeded());
    assertThat(listed).hasSize(2);
    assertThat(listed.get(0).path("is_permanent").asBoolean())
        .as("what a permanent delta stands on is marked with it")
        .isTrue();
    assertThat(listed.get(1).path("backup_name").asText()).isEqualTo(delta.name().value());
    assertThat(listed.get(1).path("is_permanent").asBoolean()).isTrue();
    assertThat(listed.get(1).path("user_data")).isEqualTo(data);
    JsonNode verified = json(walg.run("wal-verify", "integrity", "timeline", "--json").succeeded());
    assertThat(verified.path("integrity").path("status").asText()).isEqualTo("OK");
    assertThat(verified.path("timeline").path("status").asText()).isEqualTo("OK");

    assertThat(walg.run("backup-mark", "-i", full.name().value()).status())
        .as("a permanent delta stands on it")
        .isNotZero();
    walg.run("backup-mark", "-i", delta.name().value()).succeeded();
    walg.run("backup-mark", "-i", full.name().value()).succeeded();
    assertThat(permanent(delta.name())).isFalse();
    assertThat(new BackupMarks(lab.store(), DeltaLab.LAYOUT).markPermanent(delta.name()))
        .containsExactly(full.name(), delta.name());
    assertThat(
            json(walg.run("backup-list", "--detail", "--json").succeeded())
                .get(0)
                .path("is_permanent")
                .asBoolean())
        .isTrue();
    walg.run("backup-mark", "-i", delta.name().value()).succeeded();
    walg.run("backup-mark", "-i", full.name().value()).succeeded();

    churn(2);
    TakenBackup next = lab.push(BackupRequest.FULL);
    walg.run("delete", "retain", "FULL", "1", "--confirm").succeeded();
    assertThat(lab.store().list(DeltaLab.LAYOUT.baseBackups().path()))
        .as("the older full backup went with its delta")
        .isNotEmpty()
        .allMatch(object -> object.key().value().contains(next.name().value()));
  }

  private void open(PostgresRelease release) throws Exception {
    StockWalg.over(folder);
    lab = new DeltaLab(folder, release, Map.of());
    TestPostgres postgres = lab.postgres().start();
    walg =
        StockWalg.over(lab.prefix())
            .with("PGHOST", "127.0.0.1")
            .with("PGPORT", Integer.toString(postgres.port()))
            .with("PGUSER", "postgres")
            .with("PGDATABASE", "postgres")
            .with("PGDATA", postgres.dataDirectory().toString())
            .with("WALG_DELTA_MAX_STEPS", "10")
            .writing(Codec.LZ4);
    postgres.sql("create table words (id int primary key, word text)");
    postgres.sql("create table still as select generate_series(1, 3000) i");
  }

  private void churn(int round) {
    TestPostgres postgres = lab.postgres();
    int first = round * 10_000;
    postgres.sql(
        "insert into words select i, md5(i::text) from generate_series(%d, %d) i"
            .formatted(first + 1, first + 10_000));
    postgres.sql(
        "update words set word = 'round %d' where id %% 1000 = %d".formatted(round, round));
    postgres.sql("create table made_%d as select generate_series(1, 500) i".formatted(round));
    if (round > 0) {
      postgres.sql("drop table made_%d".formatted(round - 1));
      postgres.sql("delete from words where id between %d and %d".formatted(first - 3000, first));
    }
    postgres.sql("vacuum words");
    postgres.sql("checkpoint");
  }

  private BackupName walgPush() throws Exception {
    walg.run("backup-push", lab.postgres().dataDirectory().toString()).succeeded();
    JsonNode listed = json(walg.run("backup-list", "--json").succeeded());
    return new BackupName(listed.get(listed.size() - 1).path("backup_name").asText());
  }

  private boolean permanent(BackupName name) throws Exception {
    return BackupMetadata.read(lab.read(DeltaLab.LAYOUT.metadata(name)), name.value()).permanent();
  }

  private static JsonNode json(Result result) throws Exception {
    return new ObjectMapper().readTree(result.output());
  }
}
