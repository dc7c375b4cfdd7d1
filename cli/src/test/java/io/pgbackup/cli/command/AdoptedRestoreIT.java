package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.testing.ArchiveCommand;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FreePort;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.GoldenArchive.Expected;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// An archive that others wrote, restored from where it lies and protected again. Its folder stays
/// as it was, to the byte and to the name.
class AdoptedRestoreIT {
  private static final String SPILO = "spilo/orders/6f0c8d1e-1111-4222-8333-9a9a9a9a9a9a/wal/15";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private Path store;
  private Path data;
  private String foreign = "";
  private Map<String, Long> before = Map.of();

  @BeforeEach
  void makeRoom() throws IOException {
    store = Files.createDirectory(folder.resolve("store"));
    Path home = Files.createDirectory(folder.resolve("home"));
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
    data = home.resolve("data");
  }

  private void layOut(String prefix) throws IOException {
    foreign = prefix;
    GoldenArchive.copyInto(store.resolve(prefix));
    before = files();
  }

  @AfterEach
  void theSourceIsUntouched() throws IOException {
    assertThat(files()).isEqualTo(before);
  }

  private Map<String, Long> files() throws IOException {
    Map<String, Long> found = new TreeMap<>();
    try (Stream<Path> all = Files.walk(store.resolve(foreign))) {
      for (Path file : (Iterable<Path>) all::iterator) {
        found.put(file.toString(), Files.getLastModifiedTime(file).toMillis());
      }
    }
    return found;
  }

  private static Expected expected(String name) {
    return GoldenArchive.expected().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static String binaries() {
    return PostgresRelease.OLDER.installation().binDirectory().toString();
  }

  private static String rows(TestPostgres server) {
    return server.value(
        "select count(*) || ':' || sum(id) || '|'"
            + " || md5(string_agg(id||owner||balance, ',' order by id)) from account");
  }

  @ParameterizedTest
  @CsvSource({
    SPILO + ", --cluster orders, after-update",
    "spilo/ledger/wal/15, --cluster ledger, after-full",
    "backups/stock/15, --cluster stock, after-delta",
    "some/where/else, --prefix some/where/else, after-delete",
  })
  void everyLayoutRestores(String prefix, String which, String instant) throws IOException {
    layOut(prefix);
    Expected expected = expected(instant);

    Run run =
        Run.of(
            Stream.concat(
                    Stream.of("--store", "file://" + store, "restore"),
                    Stream.concat(
                        Stream.of(which.split(" ")),
                        Stream.of(
                            "--timestamp", expected.instant().toString(),
                            "--target-dir", data.toString(),
                            "--pg-bin-dir", binaries())))
                .toArray(String[]::new));

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.err()).contains("this archive is another program's");
    try (TestPostgres server = TestPostgres.over(PostgresRelease.OLDER, data, Map.of())) {
      server.as("pgx").start();
      assertThat(rows(server)).isEqualTo(expected.rows() + "|" + expected.md5());
    }
  }

  @Test
  void aCloneOfSpilosArchiveIsProtectedAgainUnderTheDefaultPrefix() throws IOException {
    layOut(SPILO);
    Run clone =
        Run.of(
            "--store",
            "file://" + store,
            "clone",
            "--cluster",
            "orders",
            "--latest",
            "--as",
            "orders-new",
            "--target-dir",
            data.toString(),
            "--pg-bin-dir",
            binaries());
    assertThat(clone.status()).as(clone.err()).isZero();
    Path spool = folder.resolve("spool");
    Path socket = folder.resolve("archive.sock");

    // when its first base backup is taken
    try (TestPostgres server =
            TestPostgres.over(
                PostgresRelease.OLDER,
                data,
                Map.of("archive_mode", "on", "archive_command", ArchiveCommand.text(spool)));
        var _ = new ArchiveCommand(spool, socket, data)) {
      server.as("pgx").start();
      Run backup = Run.of("--config", configuration(server, socket), "backup");
      assertThat(backup.status()).as(backup.err()).isZero();
    }

    // then it is a lineage of its own beside the one that it came from
    Run clusters = Run.of("--store", "file://" + store, "clusters", "-o", "json");
    JsonNode rows = new JsonMapper().readTree(clusters.out());
    assertThat(rows.valueStream().map(row -> row.path("cluster").asText()))
        .containsExactly("orders", "orders-new");
    assertThat(rows.path(1).path("prefix").asText())
        .matches("pgbackup/default/orders-new/[0-9a-f-]{36}/15/");
    assertThat(rows.path(1).path("systemIdentifier"))
        .isEqualTo(rows.path(0).path("systemIdentifier"));
  }

  private String configuration(TestPostgres server, Path socket) throws IOException {
    return Files.writeString(
            folder.resolve("agent.yaml"),
            """
            cluster: { name: orders-new }
            postgres: { host: %s, port: %d, user: pgx, dataDirectory: %s }
            storage: { url: "file://%s" }
            wal: { socket: %s }
            http: { listen: "127.0.0.1:%d" }
            """
                .formatted(
                    server.socketDirectory(), server.port(), data, store, socket, FreePort.find()))
        .toString();
  }
}
