package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.testing.GoldenArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Over an archive that real WAL-G wrote, in a directory.
class CatalogVerbsTest {
  private static final String UID = "0b8f-golden";

  @TempDir private Path folder;

  @BeforeEach
  void fillTheStore() {
    GoldenArchive.copyInto(folder.resolve("pgbackup/shop/orders/" + UID + "/15"));
  }

  private Run run(String... verb) {
    return Run.of(
        Stream.concat(Stream.of("--store", "file://" + folder), Stream.of(verb))
            .toArray(String[]::new));
  }

  @Test
  void findsEveryClusterInTheStore() {
    Run run = run("clusters");

    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .startsWith("NAMESPACE  CLUSTER  UID")
        .containsPattern("shop +orders +" + UID + " +15\\.\\d+ +2 +2026-11-21T02:13:3\\dZ");
    assertThat(run.status()).isZero();
  }

  @Test
  void clustersAsJsonIsAnArray() {
    assertThat(run("clusters", "-o", "json").out())
        .startsWith("[")
        .contains("\"namespace\": \"shop\"", "\"cluster\": \"orders\"", "\"uid\": \"" + UID + "\"");
  }

  /// One damaged document must not hide the rest of an archive in the night it is needed.
  @Test
  void aDamagedBackupHidesNoOther() throws IOException {
    Path sentinel =
        folder.resolve(
            "pgbackup/shop/orders/%s/15/basebackups_005/%s_backup_stop_sentinel.json"
                .formatted(UID, GoldenArchive.DELTA));
    Files.writeString(sentinel, "{\"LSN\":");

    Run backups = run("backups");
    Run window = run("window");

    assertThat(backups.out()).contains(GoldenArchive.FULL).doesNotContain(GoldenArchive.DELTA);
    assertThat(backups.err())
        .contains("left out: " + GoldenArchive.DELTA + " of shop/orders: ", "sentinel.json is not");
    assertThat(backups.status()).isZero();
    assertThat(window.out()).contains("latest");
    assertThat(window.err()).contains("left out: " + GoldenArchive.DELTA);
    assertThat(window.status()).isZero();
  }

  @Test
  void anEmptyStoreHasNoClusters() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));

    Run run = Run.of("clusters", "-o", "json", "--store", "file://" + empty);

    assertThat(run.status()).isZero();
    assertThat(run.out()).isEqualTo("[]\n");
    assertThat(run.err()).isEqualTo("no cluster has backups in file://" + empty + "\n");
  }

  @Test
  void listsFullAndDeltaBackups() {
    assertThat(run("backups", "--cluster", "orders", "--namespace", "shop").out())
        .startsWith("shop/orders  " + UID + "  PostgreSQL 15.")
        .containsPattern(GoldenArchive.FULL + " +full .* \\{\"made\":\"full\"}\n")
        .containsPattern(GoldenArchive.DELTA + " +delta 1 ");
  }

  @Test
  void aPermanentDeltaKeepsWhatItStandsOn() {
    String delta = GoldenArchive.DELTA;
    String full = GoldenArchive.FULL;

    assertThat(run("mark", "--backup", delta, "--permanent").out())
        .isEqualTo(full + "\n" + delta + "\n");
    Run again = run("mark", "--backup", delta, "--permanent");
    assertThat(again.out()).isEmpty();
    assertThat(again.err()).contains("permanent already");
    assertThat(run("backups", "-o", "json").out())
        .contains("\"permanent\": true")
        .doesNotContain("\"permanent\": false");

    Run refused = run("mark", "--backup", full, "--impermanent");
    assertThat(refused.status()).isEqualTo(4);
    assertThat(refused.err()).contains(delta + " is permanent and stands on " + full);
    assertThat(run("mark", "--backup", delta, "--impermanent", "-o", "json").out())
        .contains("\"permanent\": false", delta);
    assertThat(run("mark", "--backup", full, "--impermanent").out()).isEqualTo(full + "\n");
    assertThat(run("backups", "-o", "json").out()).doesNotContain("\"permanent\": true");
  }

  @Test
  void aBackupThatIsNotThereCannotBeMarked() {
    Run run = run("mark", "--backup", "base_0000000100000000000000AA", "--permanent");

    assertThat(run.status()).isEqualTo(9);
    assertThat(run.err()).contains("base_0000000100000000000000AA", "pgbackup backups");
  }

  @Test
  void showsTheWindow() {
    Run run = run("window", "--uid", UID);

    assertThat(run.out())
        .contains("  from     2026-11-21T02:13:3", "  latest   2026-11-21T02:13:4");
    assertThat(run.status()).isZero();
  }

  @Test
  void aClusterThatIsNotThereIsNotFound() {
    Run run = run("window", "--cluster", "orders");

    assertThat(run.status()).isEqualTo(9);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("has no backups of cluster default/orders", "pgbackup clusters");
  }

  @Test
  void aNameThatCannotBeAClustersIsAUsageError() {
    Run run = run("window", "--cluster", "or/ders");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("--cluster: ", "'or/ders'");
  }

  @Test
  void theConfigurationNamesTheCluster() throws IOException {
    Path config =
        Files.writeString(
            folder.resolve("agent.yaml"),
            """
            cluster: { name: orders, namespace: shop }
            storage: { url: "file://%s" }
            """
                .formatted(folder));

    assertThat(Run.of("--config", config.toString(), "window").out()).startsWith("shop/orders  ");
  }

  @Test
  void withoutAStoreSaysHowToNameOne() {
    Run run = Run.of("clusters");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("--config FILE", "--store s3://bucket");
  }

  @Test
  void aStoreThatIsNoneIsAUsageError() {
    Run run = Run.of("clusters", "--store", "ftp://backups");

    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err()).contains("--store");
  }
}
