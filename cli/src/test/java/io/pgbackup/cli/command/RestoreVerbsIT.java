package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.GoldenArchive.Expected;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.RealWalg;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The verbs over an archive that real WAL-G wrote, with the PostgreSQL that it came from.
class RestoreVerbsIT {
  private static final Expected AFTER_UPDATE = expected("after-update");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path data;

  private static Expected expected(String name) {
    return GoldenArchive.expected().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @BeforeEach
  void fillTheStore() throws IOException {
    GoldenArchive.copyInto(folder.resolve("store/pgbackup/default/orders/g/15"));
    // the server's user restores into a folder of its own, as it does on a real host
    Path home = Files.createDirectory(folder.resolve("home"));
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
    data = home.resolve("data");
  }

  private Run run(Surroundings surroundings, String... verb) {
    List<String> line = new ArrayList<>(List.of("--store", "file://" + folder.resolve("store")));
    line.addAll(List.of(verb));
    return Run.of(surroundings, line.toArray(String[]::new));
  }

  private Run run(String... verb) {
    return run(Run.NO_TERMINAL, verb);
  }

  private static String binaries() {
    return PostgresRelease.OLDER.installation().binDirectory().toString();
  }

  private static String rows(Path dataDirectory) {
    try (TestPostgres server = TestPostgres.over(PostgresRelease.OLDER, dataDirectory, Map.of())) {
      server.as("pgx").start();
      return server.value("select count(*) || ':' || sum(id) from account");
    }
  }

  @Test
  void planTouchesNothing() throws IOException {
    Run run =
        run(
            "restore",
            "--cluster",
            "orders",
            "--timestamp",
            expected("after-delta").instant().toString(),
            "--target-dir",
            data.toString(),
            "--pg-bin-dir",
            binaries(),
            "--plan",
            "-o",
            "json");

    assertThat(run.err()).isEmpty();
    JsonNode plan = new JsonMapper().readTree(run.out());
    assertThat(plan.path("backup").asText()).isEqualTo(GoldenArchive.DELTA);
    assertThat(plan.path("chain"))
        .extracting(JsonNode::asText)
        .containsExactly(GoldenArchive.FULL, GoldenArchive.DELTA);
    assertThat(plan.path("inPlace").asBoolean()).isFalse();
    assertThat(data).doesNotExist();
    assertThat(run.status()).isZero();
  }

  @Test
  void restoresIntoADirectoryAndSaysWhatItDid() {
    Run run =
        run(
            "restore",
            "--cluster",
            "orders",
            "--timestamp",
            AFTER_UPDATE.instant().toString(),
            "--target-dir",
            data.toString(),
            "--pg-bin-dir",
            binaries());

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err())
        .contains(
            "to           2026-11-21T02:13:38.831114Z",
            "fetch the base backup",
            "recover to the target");
    assertThat(run.out()).contains("restored     " + data, "server       not running");
    assertThat(rows(data)).isEqualTo(AFTER_UPDATE.rows());
  }

  @Test
  void aRealWalgFetchesWhereTheConfigurationChoseIt() throws IOException {
    Expected afterDelta = expected("after-delta");
    Path config =
        Files.writeString(
            folder.resolve("pgbackup.yaml"),
            """
            cluster: { name: orders }
            storage: { url: 'file://%s' }
            engine: { backup: wal-g, walgBinary: '%s' }
            """
                .formatted(folder.resolve("store"), RealWalg.binary()));

    Run run =
        Run.of(
            Run.NO_TERMINAL,
            "--config",
            config.toString(),
            "restore",
            "--cluster",
            "orders",
            "--timestamp",
            afterDelta.instant().toString(),
            "--target-dir",
            data.toString(),
            "--pg-bin-dir",
            binaries());

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(rows(data)).isEqualTo(afterDelta.rows());
  }

  @Test
  void aCloneHasAnIdentityOfItsOwn() throws IOException {
    Run run =
        run(
            "clone",
            "--cluster",
            "orders",
            "--latest",
            "--as",
            "orders-check",
            "--target-dir",
            data.toString(),
            "--pg-bin-dir",
            binaries(),
            "-o",
            "json");

    assertThat(run.status()).as(run.err()).isZero();
    JsonNode result = new JsonMapper().readTree(run.out());
    assertThat(result.path("cluster").asText()).isEqualTo("orders-check");
    assertThat(result.path("uid").asText()).isNotEmpty().isNotEqualTo("g");
    assertThat(rows(data)).isEqualTo(expected("timeline-two").rows());
  }

  @Test
  void inPlaceAsksFirstAndUndoTakesItBack() {
    // given a server's data as they are now
    run(
        "restore",
        "--cluster",
        "orders",
        "--latest",
        "--target-dir",
        data.toString(),
        "--pg-bin-dir",
        binaries());
    String[] inPlace = {
      "restore",
      "--cluster",
      "orders",
      "--timestamp",
      AFTER_UPDATE.instant().toString(),
      "--in-place",
      "--data-dir",
      data.toString(),
      "--pg-bin-dir",
      binaries()
    };

    // when nobody can be asked, and when the answer is no
    Run unasked = run(inPlace);
    Run refused = run(answering("no"), inPlace);

    // then nothing has happened
    assertThat(unasked.status()).isEqualTo(2);
    assertThat(unasked.err()).contains("Add --yes");
    assertThat(refused.status()).isEqualTo(4);
    assertThat(rows(data)).isEqualTo(expected("timeline-two").rows());

    // when the answer is yes
    Run restored = run(answering("yes"), inPlace);

    // then the data are those of that instant, and the old ones come back
    assertThat(restored.status()).as(restored.err()).isZero();
    assertThat(restored.out()).contains("old data     " + data + ".before-restore-");
    assertThat(rows(data)).isEqualTo(AFTER_UPDATE.rows());
    assertThat(run("undo", "--data-dir", data.toString()).status()).isEqualTo(2);
    Run undone = run("undo", "--yes", "--data-dir", data.toString());
    assertThat(undone.status()).as(undone.err()).isZero();
    assertThat(undone.out()).contains("the old data are back in " + data);
    assertThat(rows(data)).isEqualTo(expected("timeline-two").rows());
  }

  private static Surroundings answering(String answer) {
    return new Surroundings(
        Map.of(), Run.NO_TERMINAL.clock(), () -> ZoneOffset.UTC, _ -> Optional.of(answer));
  }
}
