package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.PostgresRelease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One archive that real WAL-G wrote, in every place where others put theirs. Nothing is prepared,
/// and nothing is written.
class AdoptedArchivesTest {
  private static final String UID = "6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a";
  private static final List<String> FOLDERS =
      List.of(
          "spilo/orders/" + UID + "/wal/15",
          "spilo/ledger/wal/15",
          "backups/stock/15",
          "bare/walg");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path store;
  private Map<String, Long> before = Map.of();

  @BeforeEach
  void layOut() throws IOException {
    store = Files.createDirectory(folder.resolve("store"));
    FOLDERS.forEach(each -> GoldenArchive.copyInto(store.resolve(each)));
    before = files();
  }

  @AfterEach
  void nothingWasWritten() throws IOException {
    assertThat(files()).isEqualTo(before);
  }

  private Map<String, Long> files() throws IOException {
    Map<String, Long> found = new TreeMap<>();
    try (Stream<Path> all = Files.walk(store)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        found.put(file.toString(), Files.getLastModifiedTime(file).toMillis());
      }
    }
    return found;
  }

  private Run run(String... verb) {
    return Run.of(
        Stream.concat(Stream.of("--store", "file://" + store), Stream.of(verb))
            .toArray(String[]::new));
  }

  @Test
  void everyLayoutIsFoundWithItsWindow() {
    Run run = run("clusters");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .containsPattern(
            "default +orders +" + UID + " +15\\.18 .* spilo/orders/" + UID + "/wal/15/")
        .containsPattern("default +ledger +ledger +15\\.18 .* spilo/ledger/wal/15/")
        .containsPattern(
            "default +stock +stock +15\\.18 +2 +2026-11-21T02:13:38Z.* backups/stock/15/")
        .containsPattern("default +walg +walg +15\\.18 .* bare/walg/");
  }

  @Test
  void theirFactsAreThoseOfTheSentinel() throws IOException {
    JsonNode rows = new JsonMapper().readTree(run("clusters", "-o", "json").out());

    assertThat(rows.valueStream().map(row -> row.path("prefix").asText()))
        .containsExactlyInAnyOrderElementsOf(FOLDERS.stream().map(each -> each + "/").toList());
    assertThat(rows.valueStream())
        .allSatisfy(
            row -> {
              assertThat(row.path("systemIdentifier").asText()).isEqualTo("7710442175026949048");
              assertThat(row.path("pgVersion").asText()).isEqualTo("15.18");
              assertThat(row.path("windows")).hasSize(1);
            });
  }

  @Test
  void aPrefixIsOneFolderWhateverItIsCalled() {
    Run run = run("window", "--prefix", "bare/walg");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out()).startsWith("default/walg  walg  PostgreSQL 15.18").contains("  from  ");
    assertThat(run.out().lines().filter(line -> line.contains("PostgreSQL"))).hasSize(1);
  }

  @Test
  void aPrefixMayNameItsStoreToo() {
    String url = "file://" + store.resolve("bare/walg");

    assertThat(Run.of("backups", "--prefix", url).out()).contains(GoldenArchive.FULL);
    assertThat(run("backups", "--prefix", url).out()).contains(GoldenArchive.FULL);
    assertThat(run("backups", "--prefix", "file:///elsewhere").status()).isEqualTo(2);
  }

  @Test
  void whatWasFoundInsteadIsSaid() {
    Run version = run("window", "--prefix", "spilo/orders/" + UID + "/wal");
    Run inside = run("window", "--prefix", "bare/walg/basebackups_005");
    Run nowhere = run("window", "--prefix", "spilo/oders/wal");
    Run template = run("window", "--prefix", "spilo/$(CLUSTER)");

    assertThat(version.status()).isEqualTo(9);
    assertThat(version.err()).contains("Below it are spilo/orders/" + UID + "/wal/15:");
    assertThat(inside.status()).isEqualTo(9);
    assertThat(inside.err()).contains("It holds " + GoldenArchive.FULL + "/");
    assertThat(nowhere.status()).isEqualTo(9);
    assertThat(nowhere.err()).contains("There is no such folder", "holds ledger/, orders/");
    assertThat(template.status()).isEqualTo(2);
  }

  @Test
  void aPlanNeedsNoClusterWhereAFolderIsNamed() {
    Run run =
        run(
            "restore",
            "--prefix",
            "backups/stock/15",
            "--latest",
            "--plan",
            "--target-dir",
            folder.resolve("new").toString(),
            "--pg-bin-dir",
            binaries());

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out()).contains("default/stock");
    assertThat(
            run("restore", "--latest", "--plan", "--target-dir", folder.resolve("new").toString())
                .err())
        .contains("nothing says which cluster", "--prefix FOLDER");
  }

  private static String binaries() {
    return PostgresRelease.OLDER.installation().binDirectory().toString();
  }

  @Test
  void severalVersionsUnderOneUidAreListedWithTheirFolders() throws IOException {
    GoldenArchive.copyInto(store.resolve("spilo/orders/" + UID + "/wal/16"));
    before = files();

    Run run =
        run(
            "restore",
            "--cluster",
            "orders",
            "--uid",
            UID,
            "--latest",
            "--plan",
            "--target-dir",
            folder.resolve("new").toString(),
            "--pg-bin-dir",
            binaries());

    assertThat(run.status()).isEqualTo(4);
    assertThat(run.err())
        .contains(
            "2 lineages",
            "spilo/orders/" + UID + "/wal/15/",
            "spilo/orders/" + UID + "/wal/16/",
            "Choose one with --prefix FOLDER");
  }

  @Test
  void walGsSettingsNameTheArchive() throws IOException {
    Path env =
        Files.writeString(
            folder.resolve("walg.env"),
            """
            export WALG_FILE_PREFIX=%s
            export WALG_STORAGE_PREFIX=bare/walg
            export WALG_UPLOAD_CONCURRENCY=4
            export WALG_LIBSODIUM_NOTHING=s3cr3t
            """
                .formatted(store));

    Run run = Run.of("--walg-env", env.toString(), "window");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out()).startsWith("default/walg  walg  PostgreSQL 15.18");
    assertThat(run.err())
        .isEqualTo(
            "of WAL-G's settings these mean nothing here: WALG_LIBSODIUM_NOTHING,"
                + " WALG_UPLOAD_CONCURRENCY\n");
  }

  @Test
  void anEncryptedArchiveIsReadWithTheKeyInWalGsSettings() throws IOException {
    Path encrypted = Files.createDirectories(folder.resolve("encrypted/ledger"));
    GoldenArchive.ZSTD_LIBSODIUM.copy(encrypted);
    String settings =
        "WALG_FILE_PREFIX=" + encrypted + "\nWALG_LIBSODIUM_KEY_TRANSFORM=hex\nWALG_LIBSODIUM_KEY=";
    Path env = Files.writeString(folder.resolve("a.env"), settings + GoldenArchive.LIBSODIUM_KEY);
    Path wrong =
        Files.writeString(folder.resolve("b.env"), settings + "fedcba9876543210".repeat(4));
    Path none = Files.writeString(folder.resolve("c.env"), "WALG_FILE_PREFIX=" + encrypted);

    Run read = Run.of("--walg-env", env.toString(), "window");
    Run withAnother = Run.of("--walg-env", wrong.toString(), "window");
    Run without = Run.of("--walg-env", none.toString(), "window");
    Run beside = Run.of("--store", "file://" + folder.resolve("encrypted"), "clusters");

    assertThat(read.status()).as(read.err()).isZero();
    assertThat(read.out()).contains("default/ledger", "  from  ", "2026-11-21T");
    assertThat(withAnother.status()).isEqualTo(7);
    assertThat(withAnother.err()).doesNotContain("fedcba", "0123456789abcdef");
    assertThat(without.status()).isEqualTo(7);
    assertThat(beside.status()).isZero();
    assertThat(beside.err()).contains("left out: default/ledger: ");
    assertThat(beside.out())
        .containsPattern("default +ledger +ledger +\\? +\\? +unreadable +ledger/");
  }

  @Test
  void walGsSettingsLeadToAnotherFolderOfTheStoreToo() throws IOException {
    Path env = Files.createDirectories(folder.resolve("env"));
    Files.writeString(env.resolve("WALG_FILE_PREFIX"), store.resolve("bare/walg").toString());

    Run whole =
        Run.of(
            "--walg-env", env.toString(), "--store", "file://" + store, "clusters", "-o", "json");
    Run one = Run.of("--walg-env", env.toString(), "clusters");

    assertThat(whole.out()).contains(FOLDERS);
    assertThat(one.out()).contains("walg").doesNotContain("orders");
  }

  @Test
  void aDirectoryThatIsTheArchiveIsNamedByItsPath() throws IOException {
    Path env =
        Files.writeString(
            folder.resolve("spilo.env"),
            "WALG_FILE_PREFIX=" + store.resolve("spilo/orders/" + UID + "/wal/15"));

    assertThat(Run.of("--walg-env", env.toString(), "window").out())
        .startsWith("default/orders  " + UID);
  }

  @Test
  void theAgentsVerbsDoNotTakeWalGsSettings() throws IOException {
    Path env = Files.writeString(folder.resolve("env"), "WALG_FILE_PREFIX=" + store);

    Run run = Run.of("--walg-env", env.toString(), "backup");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("docs/migrate-from-walg.md");
  }

  @Test
  void anArchiveOfWalEIsNamedAndRefused() throws IOException {
    Path walE = folder.resolve("old/orders/9.6");
    Path backup = walE.resolve("basebackups_005/base_000000010000000000000002_00000040");
    Files.createDirectories(backup.resolve("tar_partitions"));
    Files.writeString(backup.resolve("tar_partitions/part_00000000.tar.lzo"), "x");
    String oldStore = "file://" + folder.resolve("old");

    Run clusters = Run.of("--store", oldStore, "clusters");
    Run window = Run.of("--store", oldStore, "window", "--cluster", "orders");

    assertThat(clusters.status()).isZero();
    assertThat(clusters.err()).contains("default/orders", "orders/9.6/ was written by WAL-E");
    assertThat(window.status()).isEqualTo(4);
    assertThat(window.err()).contains("was written by WAL-E", "HINT: Restore it with WAL-E");
  }

  @Test
  void aDamagedArchiveHidesNoOther() throws IOException {
    Path wal = store.resolve("bare/walg/wal_005");
    byte[] noise = new byte[1000];
    Arrays.fill(noise, (byte) 7);
    try (Stream<Path> segments = Files.list(wal)) {
      for (Path segment : (Iterable<Path>) segments::iterator) {
        Files.write(segment, noise);
      }
    }
    before = files();

    Run run = run("clusters");
    Run window = run("window", "--cluster", "walg");

    assertThat(run.status()).isZero();
    assertThat(run.out())
        .contains("orders", "ledger", "stock")
        .containsPattern("default +walg +walg +\\? +\\? +unreadable +bare/walg/");
    assertThat(run.err()).contains("left out: default/walg: bare/walg/wal_005/");
    assertThat(window.status()).isEqualTo(7);
  }

  @Test
  void theConfigurationSaysWhoseItsLiteralFolderIs() throws IOException {
    Path config =
        Files.writeString(
            folder.resolve("agent.yaml"),
            """
            cluster: { name: shop, namespace: prod }
            storage: { url: "file://%s", prefix: bare/walg }
            """
                .formatted(store));

    Run own = Run.of("--config", config.toString(), "window");
    Run other = Run.of("--config", config.toString(), "window", "--prefix", "backups/stock/15");

    assertThat(own.out()).startsWith("prod/shop  walg");
    assertThat(other.out()).startsWith("default/stock  stock");
  }
}
