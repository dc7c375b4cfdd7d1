package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.Claims;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.PostgresRelease;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Over an archive that real WAL-G wrote, of a cluster whose superuser is not called `postgres`.
class DrillVerbIT {
  private static final StoreFolder PREFIX = StoreFolder.of("pgbackup/default/orders/g/15");

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path work;

  @BeforeEach
  void fillTheStore() {
    GoldenArchive.copyInto(folder.resolve("store").resolve(PREFIX.path()));
    work = folder.resolve("work");
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(work).isEmptyDirectory();
  }

  private List<String> line(String... options) {
    List<String> line =
        new ArrayList<>(
            List.of(
                "--store", "file://" + folder.resolve("store"), "drill", "--cluster", "orders"));
    line.addAll(List.of("--work-dir", work.toString(), "--pg-bin-dir", binaries()));
    line.addAll(List.of(options));
    return line;
  }

  private Run drill(String... options) {
    return Run.of(line(options).toArray(String[]::new));
  }

  private static String binaries() {
    return PostgresRelease.OLDER.installation().binDirectory().toString();
  }

  @Test
  void anotherProgramsArchiveIsDrilledAndNothingIsWrittenIntoIt() {
    Run run = drill("--probe", "SELECT count(*) = 1 FROM pg_roles WHERE rolname = 'app'");

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("pass  restore         base backup " + GoldenArchive.DELTA)
        .containsPattern("pass  page checksums  \\d{4} pages in ")
        .containsPattern("pass  indexes         \\d{3} btree indexes in \\d databases are in order")
        .contains("rolname = 'app': t\n")
        .containsPattern("RTO +.+, until connections were accepted")
        .containsPattern("RPO +.+, since the last commit")
        .endsWith("verdict      passed\n");
    assertThat(run.err()).contains("the verdict was not stored: this archive is another program's");
    assertThat(folder.resolve("store").resolve(PREFIX.path()).resolve("pgbackup")).doesNotExist();
  }

  @Test
  void aRandomInstantOfAClaimedLineageLeavesItsVerdictThere() throws IOException {
    claim();

    Run run = drill("--random", "--probe", "SELECT false", "-o", "json");

    assertThat(run.status()).as(run.err()).isEqualTo(7);
    JsonNode verdict = new JsonMapper().readTree(run.out());
    assertThat(verdict.path("verdict").asText()).isEqualTo("failed");
    assertThat(Instant.parse(verdict.path("target").asText()))
        .isBetween(Instant.parse("2026-11-21T02:13:37Z"), Instant.parse("2026-11-21T02:13:46Z"));
    assertThat(verdict.path("rtoSeconds").asDouble()).isPositive();
    assertThat(verdict.path("checks").findValuesAsText("name"))
        .containsExactly("restore", "page checksums", "start", "indexes", "probe");
    Path stored = folder.resolve("store").resolve(verdict.path("stored").asText());
    assertThat(new JsonMapper().readTree(Files.readString(stored)).path("verdict").asText())
        .isEqualTo("failed");
    assertThat(stored.toString()).contains(PREFIX.path() + "pgbackup/drills/");
  }

  @Test
  void anInstantThatCannotBeRestoredIsNoVerdict() throws IOException {
    Files.createDirectory(work);

    assertThat(drill("--timestamp", "2026-11-20T00:00:00Z").status()).isEqualTo(4);
    assertThat(drill("--timestamp", "2026-11-21T02:13:38.9Z", "--random").status()).isEqualTo(2);
    assertThat(Run.of("--store", "file://" + folder.resolve("store"), "drill").status())
        .isEqualTo(2);
  }

  @Test
  void whatItKeepsIsSaidAndCanBeStarted() throws IOException {
    Run run = drill("--keep");

    assertThat(run.status()).as(run.err()).isZero();
    try (Stream<Path> kept = Files.list(work)) {
      Path drill = kept.findFirst().orElseThrow();
      Path data = drill.resolve("data");
      assertThat(run.err()).contains("the restored data stay in " + data);
      assertThat(data.resolve("PG_VERSION")).hasContent("15");
      assertThat(data.resolve("postmaster.pid")).doesNotExist();
      Trees.delete(drill);
    }
  }

  /// Its server runs on, until the next drill comes.
  @Test
  void whatAKilledDrillLeftIsRemovedByTheNextOne() throws IOException, InterruptedException {
    Process process = begun("SELECT pg_sleep(3600)");
    try (BufferedReader words = process.errorReader(StandardCharsets.UTF_8)) {
      assertThat(words.lines().anyMatch(word -> word.startsWith("pass  indexes"))).isTrue();
      assertThat(process.toHandle().destroyForcibly()).isTrue();
    }
    process.waitFor();
    Path left;
    try (Stream<Path> folders = Files.list(work)) {
      left = folders.findFirst().orElseThrow();
    }
    assertThat(left.resolve("data/postmaster.pid")).exists();

    Run run = drill();

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(left).doesNotExist();
    assertThat(ProcessHandle.allProcesses().map(it -> it.info().commandLine().orElse("")))
        .noneMatch(line -> line.contains(left.toString()));
  }

  private Process begun(String probe) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.pgbackup.cli.PgBackup"));
    command.addAll(line("--probe", probe, "-o", "json"));
    return new ProcessBuilder(command).start();
  }

  @Test
  void sigtermLeavesNothingBehind() throws IOException, InterruptedException {
    Process process = begun("SELECT pg_sleep(3600)");
    List<String> said = new ArrayList<>();
    try (BufferedReader words = process.errorReader(StandardCharsets.UTF_8)) {
      for (String word = words.readLine(); word != null; word = words.readLine()) {
        said.add(word);
        if (word.startsWith("pass  indexes")) {
          // the process's own method would close what we read as well
          assertThat(process.toHandle().destroy()).isTrue();
        }
      }
    }

    assertThat(process.waitFor()).as("%s", said).isEqualTo(128 + 15);
    assertThat(process.inputReader(StandardCharsets.UTF_8).lines()).isEmpty();
    assertThat(said).noneMatch(word -> word.startsWith("FAIL"));
  }

  /// As the first agent that protects it would.
  private void claim() {
    try (FileObjectStore store = FileObjectStore.open(folder.resolve("store"))) {
      new Claims(store)
          .create(
              PREFIX,
              new Claim(
                  new ClusterId("default", "orders"),
                  new LineageUid("g"),
                  SystemIdentifier.parse("7710442175026949048"),
                  new ServerVersion(150018),
                  WalSegmentSize.DEFAULT,
                  Optional.empty(),
                  Instant.parse("2026-11-21T02:00:00Z")));
    }
  }
}
