package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.retention.Policies;
import io.pgbackup.retention.RetentionRules;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a person sees of retention, over an archive that real WAL-G wrote and that an agent has
/// claimed.
class RetentionVerbsTest {
  private static final String UID = "6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a";
  private static final StoreFolder PREFIX =
      StoreFolder.of("pgbackup/default/orders/" + UID + "/15");
  private static final RetentionRules RULES =
      new RetentionRules(1, Duration.ZERO, 0, 0, 0, 0, ZoneOffset.UTC);

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private String store = "";

  @BeforeEach
  void layOut() throws IOException {
    Path root = Files.createDirectory(folder.resolve("store"));
    GoldenArchive.copyInto(root.resolve(PREFIX.path()));
    Files.createFile(root.resolve(PREFIX.path()).resolve("wal_005/000000010000000000000001.lz4"));
    store = "file://" + root;
    // WAL of a timeline that was left stays for a day
    Files.setLastModifiedTime(segmentOne(), FileTime.from(Instant.now().minus(2, ChronoUnit.DAYS)));
  }

  @Test
  void anArchiveThatNobodyClaimedIsPlannedButNeverApplied() {
    assertThat(plan().out())
        .contains("no retention rules are stored here, so nothing is ever deleted");
    assertThat(plan("--keep-full", "1").out()).contains("goes");

    Run apply = run("retention", "apply", "--cluster", "orders");
    assertThat(apply.status()).isEqualTo(4);
    assertThat(apply.err()).contains("nobody claimed the archive");
    assertThat(segmentOne()).exists();
  }

  /// After a restore in place out of an adopted archive: a job that fails each night hides the
  /// night on which it really does.
  @Test
  void whatIsNobodysBesideOnesOwnIsSaidAndIsNoFailure() {
    claim();
    store();
    String other = "7a0c8d1e-1111-4222-8333-9a9a9a9a9a9a";
    GoldenArchive.copyInto(
        folder.resolve("store").resolve("pgbackup/default/orders/" + other + "/15"));

    Run apply = run("retention", "apply", "--cluster", "orders");
    assertThat(apply.status()).isZero();
    assertThat(apply.err())
        .startsWith("left alone: nobody claimed the archive in pgbackup/default/orders/" + other);
    assertThat(segmentOne()).doesNotExist();

    Run named = run("retention", "apply", "--cluster", "orders", "--uid", other);
    assertThat(named.status()).isEqualTo(4);
  }

  /// The archiver may write beside the backups, rules too.
  @Test
  void rulesOfTheJobsOwnAreAFloorToTheStoredOnes() throws IOException {
    claim();
    store();
    Path config = folder.resolve("job.yaml");
    String text =
        """
        cluster: { name: orders }
        storage: { url: "%s" }
        retention: { run: job, keepFull: 2, keepYearly: 1 }
        """
            .formatted(store);
    Files.writeString(config, text);
    Run apply = Run.of("--config", config.toString(), "retention", "apply");
    assertThat(apply.out())
        .contains("keep 2 full base backups, every instant of 14d, the last of 1 year;");
    assertThat(apply.status()).isZero();
    assertThat(Run.of("--config", config.toString(), "retention", "plan").out())
        .contains("keep 2 full base backups, every instant of 14d, the last of 1 year;");

    Files.writeString(config, text.replace(", keepFull: 2, keepYearly: 1", ""));
    assertThat(Run.of("--config", config.toString(), "retention", "apply").out())
        .contains("keep 1 full base backup;");
  }

  @Test
  void withoutStoredRulesNothingIsDeleted() {
    claim();
    Run apply = run("retention", "apply", "--cluster", "orders");
    assertThat(apply.status()).isEqualTo(4);
    assertThat(apply.err()).contains("no retention rules are stored");
    assertThat(segmentOne()).exists();
  }

  /// P73.
  @Test
  void aPlanSaysWhyEachBackupStaysAndApplyDoesIt() {
    claim();
    store();

    assertThat(plan().out().lines().map(String::strip))
        .anyMatch(line -> line.startsWith("keep 1 full base backup; as of "))
        .anyMatch(
            line ->
                line.matches(
                    GoldenArchive.FULL + " .* stays +the newest full one; .* stands on it"))
        .anyMatch(
            line ->
                line.matches("000000010000000000000001 +000000010000000000000001 +1 +0 B +goes"))
        .endsWith("to delete: 0 B in 1 objects");
    assertThat(segmentOne()).exists();

    Run apply = run("retention", "apply", "--cluster", "orders");
    assertThat(apply.err()).isEmpty();
    assertThat(apply.status()).isZero();
    assertThat(apply.out()).endsWith("  deleted: 0 B in 1 objects\n");
    assertThat(segmentOne()).doesNotExist();
    assertThat(plan().out()).endsWith("  nothing to delete\n");
    assertThat(run("backups", "--cluster", "orders").out())
        .contains(GoldenArchive.FULL, GoldenArchive.DELTA);
  }

  /// P73. Its server was upgraded to another major version or deleted, so no agent of its own is
  /// left to apply its rules.
  @Test
  void whatAServerLeftBehindKeepsToItsRulesAndIsCleanedWithTheRest() throws IOException {
    claim();
    store();
    LineageUid left = new LineageUid("7a0c8d1e-1111-4222-8333-9a9a9a9a9a9a");
    StoreFolder leftBehind = StoreFolder.of("pgbackup/default/orders/" + left + "/14");
    Path archive = folder.resolve("store").resolve(leftBehind.path());
    GoldenArchive.copyInto(archive);
    Path old = Files.createFile(archive.resolve("wal_005/000000010000000000000001.lz4"));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(2, ChronoUnit.DAYS)));
    claim(leftBehind, left);
    store(leftBehind);

    assertThat(plan().out()).contains(UID, left.value());
    Run apply = run("retention", "apply", "--cluster", "orders");

    assertThat(apply.err()).isEmpty();
    assertThat(apply.status()).isZero();
    assertThat(segmentOne()).doesNotExist();
    assertThat(old).doesNotExist();
    assertThat(run("backups", "--cluster", "orders", "--uid", left.value()).out())
        .contains(GoldenArchive.FULL, GoldenArchive.DELTA);
    assertThat(run("retention", "plan", "--cluster", "orders", "--uid", left.value()).out())
        .endsWith("  nothing to delete\n");
  }

  @Test
  void aWithdrawnBackupIsNamedAndOneThatCannotBeReadAsksForAttention() throws IOException {
    claim();
    store();
    Path backups = folder.resolve("store").resolve(PREFIX.path()).resolve("basebackups_005");
    Files.createFile(backups.resolve(GoldenArchive.DELTA).resolve("pgbackup-withdrawn.json"));
    assertThat(plan().out())
        .containsPattern(GoldenArchive.DELTA + " .* stays +withdrawn; the newest")
        .contains("cannot be restored: it was withdrawn because it failed a proof");

    Files.writeString(
        backups.resolve(GoldenArchive.FULL + "_backup_stop_sentinel.json"), "{\"LSN\":");
    assertThat(plan().out())
        .contains(
            "  attention: %s cannot be read, so it stays for ever with all WAL since: "
                .formatted(GoldenArchive.FULL));
  }

  @Test
  void jsonIsForScripts() throws IOException {
    claim();
    store();
    JsonNode plan = new JsonMapper().readTree(plan("-o", "json").out()).path(0);
    assertThat(plan.path("cluster").textValue()).isEqualTo("orders");
    assertThat(plan.path("deletableObjects").intValue()).isEqualTo(1);
    assertThat(plan.path("backups").path(0).path("kept").booleanValue()).isTrue();
    assertThat(plan.path("done").isNull()).isTrue();
  }

  /// P72.
  @Test
  void aDayToComeIsSimulated() {
    claim();
    store();
    assertThat(run("retention", "simulate", "--cluster", "orders", "--on", "2099-01-01").out())
        .contains("as of 2099-01-01T00:00:00Z");
    assertThat(run("retention", "simulate", "--cluster", "orders", "--on", "2001-01-01").status())
        .isEqualTo(2);
  }

  @Test
  void holdsComeAndGo() throws IOException {
    claim();
    store();
    Run added =
        run(
            "hold",
            "add",
            "--cluster",
            "orders",
            "--backup",
            GoldenArchive.FULL,
            "--reason",
            "audit",
            "--owner",
            "alice",
            "--for",
            "90d",
            "-o",
            "json");
    assertThat(added.status()).isZero();
    String id = new JsonMapper().readTree(added.out()).path(0).path("id").textValue();
    assertThat(plan().out()).contains("hold " + id + " of alice: audit");
    assertThat(run("hold", "list", "--cluster", "orders").out()).contains(id, "alice", "audit");

    assertThat(run("hold", "remove", "--cluster", "orders", "--id", id).status()).isZero();
    assertThat(run("hold", "list", "--cluster", "orders").out()).isEqualTo("nothing is held\n");
    assertThat(run("hold", "remove", "--cluster", "orders", "--id", id).status()).isEqualTo(9);
    assertThat(
            run(
                    "hold",
                    "add",
                    "--cluster",
                    "orders",
                    "--backup",
                    "base_0000000100000000000000FF",
                    "--reason",
                    "x")
                .status())
        .isEqualTo(9);
  }

  private Path segmentOne() {
    return folder
        .resolve("store")
        .resolve(PREFIX.path())
        .resolve("wal_005/000000010000000000000001.lz4");
  }

  private void claim() {
    claim(PREFIX, new LineageUid(UID));
  }

  private void claim(StoreFolder prefix, LineageUid uid) {
    try (FileObjectStore files = FileObjectStore.open(folder.resolve("store"))) {
      ClusterId cluster = new ClusterId("default", "orders");
      BaseBackup newest =
          new Catalog(files)
              .surveyBackups(new Lineage(cluster, uid, prefix, Optional.empty()))
              .backups()
              .getLast();
      new Claims(files)
          .create(
              prefix,
              new Claim(
                  cluster,
                  uid,
                  newest.systemIdentifier().orElseThrow(),
                  newest.serverVersion(),
                  WalSegmentSize.DEFAULT,
                  Optional.empty(),
                  Instant.now()));
    }
  }

  private void store() {
    store(PREFIX);
  }

  private void store(StoreFolder prefix) {
    try (FileObjectStore files = FileObjectStore.open(folder.resolve("store"))) {
      assertThat(new Policies(files, InstantSource.system()).store(prefix, RULES, "a test"))
          .isTrue();
    }
  }

  private Run plan(String... more) {
    String[] all = new String[4 + more.length];
    System.arraycopy(new String[] {"retention", "plan", "--cluster", "orders"}, 0, all, 0, 4);
    System.arraycopy(more, 0, all, 4, more.length);
    return run(all);
  }

  private Run run(String... arguments) {
    String[] all = new String[2 + arguments.length];
    all[0] = "--store";
    all[1] = store;
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return Run.of(all);
  }
}
