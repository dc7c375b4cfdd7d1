package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.GoldenArchive.Expected;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Archives written by real WAL-G become the rows that were there, at every instant that can be
/// restored; deltas, several parts, every codec and encryption included.
class GoldenRestoreIT {
  @TempDir(factory = EnterableTempDir.class)
  private static Path folder;

  @BeforeAll
  static void copyTheArchives() throws IOException {
    for (GoldenArchive archive : GoldenArchive.values()) {
      archive.copy(folder.resolve("store").resolve(cluster(archive)));
    }
    Files.createFile(
        folder.resolve("key"),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(folder.resolve("key"), GoldenArchive.LIBSODIUM_KEY + "\n");
    Files.writeString(
        folder.resolve("agent.yaml"),
        """
        storage: { url: "file://%s/store" }
        cluster: { name: golden }
        encryption: { method: libsodium, keyFile: %s/key, keyTransform: hex }
        """
            .formatted(folder, folder));
  }

  static Stream<Arguments> restorable() {
    return Stream.of(GoldenArchive.values())
        .flatMap(
            archive ->
                archive.instants().stream()
                    .map(Expected::name)
                    .filter(name -> !name.equals("before-full"))
                    .map(name -> Arguments.of(archive, name)));
  }

  @ParameterizedTest
  @MethodSource("restorable")
  void everyInstantIsRestored(GoldenArchive archive, String name) throws IOException {
    Expected expected = archive.instant(name);
    Path home = Files.createDirectory(folder.resolve(cluster(archive) + "-" + name));
    Path data = home.resolve("data");

    Run run = restore(archive, target(expected), data);

    assertThat(run.status()).as(run.err()).isZero();
    JsonNode result = new JsonMapper().readTree(run.out());
    assertThat(result.path("timeline").asInt()).isEqualTo(3);
    assertThat(result.path("uid").isNull()).isTrue();
    try (TestPostgres restored = TestPostgres.over(PostgresRelease.OLDER, data, Map.of())) {
      restored.as("pgx").start();
      assertThat(
              restored.value(
                  """
                  select count(*) || ':' || sum(id) || ':'
                         || md5(string_agg(id||owner||balance, ',' order by id))
                    from account"""))
          .isEqualTo(expected.rows() + ":" + expected.md5());
      assertThat(restored.value("select pg_is_in_recovery()")).isEqualTo("f");
    }
    try (Stream<Path> left = Files.list(home)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("data", "data.log");
    }
  }

  @ParameterizedTest
  @CsvSource({"before-full, before the recovery window", "timeline-two, last archived commit"})
  void otherInstantsAreRefused(String name, String reason) {
    for (GoldenArchive archive : GoldenArchive.values()) {
      Run run =
          restore(
              archive,
              List.of("--timestamp", archive.instant(name).instant().toString()),
              folder.resolve("never"));

      assertThat(run.status()).isEqualTo(4);
      assertThat(run.err()).contains(reason);
      assertThat(folder.resolve("never")).doesNotExist();
    }
  }

  private static List<String> target(Expected expected) {
    return expected.name().equals("timeline-two")
        ? List.of("--latest")
        : List.of("--timestamp", expected.instant().toString());
  }

  private static Run restore(GoldenArchive archive, List<String> target, Path data) {
    List<String> line = new ArrayList<>();
    if (archive == GoldenArchive.ZSTD_LIBSODIUM) {
      line.addAll(List.of("--config", folder.resolve("agent.yaml").toString()));
    }
    line.addAll(List.of("--store", "file://" + folder.resolve("store")));
    line.addAll(List.of("restore", "--cluster", cluster(archive), "-o", "json"));
    line.addAll(target);
    line.addAll(List.of("--target-dir", data.toString(), "--pg-bin-dir", binaries()));
    return Run.of(line.toArray(String[]::new));
  }

  private static String cluster(GoldenArchive archive) {
    return switch (archive) {
      case LZ4_DELTA -> "lz4-delta";
      case BROTLI -> "brotli";
      case ZSTD_LIBSODIUM -> "encrypted";
    };
  }

  private static String binaries() {
    return PostgresRelease.OLDER.installation().binDirectory().toString();
  }
}
