package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A full backup and a delta after one page in a hundred changed, ours and stock wal-g's in turn,
/// of one server: wall clock, processor time and bytes in the store. Asserts only that ours
/// restores. No part of the build; docs/benchmarks.md says how to run it.
class DeltaBench {
  /// Six rows in a page, some 1.4 GiB.
  private static final int ROWS = 1_100_000;

  /// One row in a hundred pages.
  private static final int STEP = 600;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<String> table = new ArrayList<>();

  @Test
  void aDeltaAfterOnePageInAHundredChanged() throws Exception {
    StockWalg.over(folder);
    try (DeltaLab lab =
        new DeltaLab(
            folder,
            PostgresRelease.NEWEST,
            Map.of("max_wal_size", "8GB", "shared_buffers", "256MB"))) {
      TestPostgres postgres = lab.postgres();
      load(postgres);
      for (Codec codec : List.of(Codec.LZ4, Codec.ZSTD)) {
        run(codec, "full", lab);
        change(postgres, codec);
        Map<String, String> expected = lab.tables();
        BackupName delta = run(codec, "delta", lab);
        if (codec == Codec.ZSTD) {
          postgres.stop();
          assertThat(lab.restored(lab.ours(delta))).isEqualTo(expected);
        }
      }
    }
    System.out.println(
        "| backup | codec | engine | wall s | cpu s | stored MiB |\n| --- | --- | --- | --- | --- | --- |");
    table.forEach(System.out::println);
  }

  private static void load(TestPostgres postgres) {
    postgres.start();
    postgres.sql("create table big (id int, filler text) with (fillfactor = 85)");
    postgres.sql("alter table big alter column filler set storage plain");
    postgres.sql(
        "insert into big select i, %s from generate_series(1, %d) i"
            .formatted(filler("i::text"), ROWS));
    postgres.sql("create index on big (id)");
    postgres.sql("vacuum (freeze, analyze) big");
    postgres.sql("checkpoint");
  }

  private static void change(TestPostgres postgres, Codec codec) {
    postgres.sql(
        "update big set filler = %s where id %% %d = %d"
            .formatted(filler("id::text || '" + codec + "'"), STEP, codec == Codec.LZ4 ? 0 : 1));
    postgres.sql("checkpoint");
  }

  /// Text of 1056 characters that compresses about as well as real rows do.
  private static String filler(String seed) {
    List<String> parts = new ArrayList<>();
    for (int part = 0; part < 11; part++) {
      parts.add("md5('" + part + "' || " + seed + ")");
    }
    return "repeat(" + String.join(" || ", parts) + ", 3)";
  }

  /// Ours, then wal-g's without and with its page checks, into an archive of its own.
  private BackupName run(Codec codec, String kind, DeltaLab lab) throws Exception {
    TestPostgres postgres = lab.postgres();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Timed ours =
        timed(
            Map.of(),
            // the launcher's options
            java,
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx256m",
            "-XX:MaxDirectMemorySize=128m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            DeltaBenchChild.class.getName(),
            folder.resolve("store").toString(),
            postgres.socketDirectory().toString(),
            Integer.toString(postgres.port()),
            postgres.dataDirectory().toString(),
            codec.name(),
            kind);
    BackupName name = new BackupName(ours.output().lines().toList().getLast());
    add(kind, codec, "pgbackup", ours, lab.prefix().resolve("basebackups_005/" + name));

    walg(codec, kind, postgres, List.of());
    walg(codec, kind, postgres, List.of("--verify"));
    return name;
  }

  private void walg(Codec codec, String kind, TestPostgres postgres, List<String> options)
      throws Exception {
    Path archive = Files.createDirectories(folder.resolve("walg-" + codec + options));
    List<String> command =
        new ArrayList<>(
            List.of(StockWalg.binary(), "backup-push", postgres.dataDirectory().toString()));
    command.addAll(options);
    Timed walgs =
        timed(
            Map.of(
                "WALG_FILE_PREFIX", archive.toString(),
                "WALG_COMPRESSION_METHOD", codec.name().toLowerCase(Locale.ROOT),
                "WALG_DELTA_MAX_STEPS", "5",
                "PGHOST", postgres.socketDirectory().toString(),
                "PGPORT", Integer.toString(postgres.port()),
                "PGUSER", "postgres",
                "PGDATABASE", "postgres"),
            command.toArray(String[]::new));
    add(
        kind,
        codec,
        String.join(" ", Stream.concat(Stream.of("wal-g"), options.stream()).toList()),
        walgs,
        newest(archive.resolve("basebackups_005")));
  }

  private void add(String kind, Codec codec, String engine, Timed timed, Path backup)
      throws IOException {
    table.add(
        "| %s | %s | %s | %.1f | %.1f | %.1f |"
            .formatted(
                kind,
                codec.name().toLowerCase(Locale.ROOT),
                engine,
                timed.wall(),
                timed.user() + timed.system(),
                bytes(backup) / 1048576.0));
  }

  private static Path newest(Path backups) throws IOException {
    try (Stream<Path> folders = Files.list(backups)) {
      return folders.filter(Files::isDirectory).max(Path::compareTo).orElseThrow();
    }
  }

  private static long bytes(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private record Timed(double wall, double user, double system, String output) {}

  /// What the shell's `time` says of a program and its children.
  private Timed timed(Map<String, String> environment, String... command) throws Exception {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("bash", "-c", "TIMEFORMAT='%R %U %S'; time \"$@\" 2>\"$0\""));
    Path errors = Files.createTempFile(folder, "bench", ".err");
    line.add(errors.toString());
    line.addAll(List.of(command));
    Path times = Files.createTempFile(folder, "bench", ".time");
    Path output = Files.createTempFile(folder, "bench", ".out");
    ProcessBuilder builder =
        new ProcessBuilder(line).redirectError(times.toFile()).redirectOutput(output.toFile());
    builder.environment().put("LC_ALL", "C");
    builder.environment().putAll(environment);
    assertThat(builder.start().waitFor()).as(Files.readString(errors)).isZero();
    String[] fields = Files.readString(times).strip().split(" ");
    return new Timed(
        Double.parseDouble(fields[0]),
        Double.parseDouble(fields[1]),
        Double.parseDouble(fields[2]),
        Files.readString(output));
  }
}
