package io.pgbackup.cli.rehearsal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.cli.PgBackup;
import io.pgbackup.cli.command.Prompt;
import io.pgbackup.cli.command.Surroundings;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Uses the verbs once as people do, so that the JVM can keep in `pgbackup.aot` what it loads for
/// them, and in `pgbackup-help.aot` what the little of it needs that only prints. The build runs it
/// by the launcher.
public final class Rehearsal {
  private static final List<String> HELP = List.of("--help", "restore --help", "version");

  private static final List<String> VERBS =
      List.of(
          "no-such-verb",
          "--config CONFIG config check",
          "--config CONFIG clusters",
          "--config CONFIG clusters -o json",
          "--config CONFIG backups",
          "--config CONFIG window",
          "--config CONFIG window -o json",
          "--config CONFIG retention plan",
          "--config CONFIG verify",
          "--config CONFIG restore --cluster orders --latest --target-dir TARGET --plan");

  private Rehearsal() {}

  /// @param arguments `help` for the little
  public static void main(String[] arguments) throws IOException {
    (List.of(arguments).contains("help") ? help() : run())
        .forEach((line, status) -> System.out.println(line + ": status " + status));
  }

  private static SortedMap<String, Integer> help() {
    SortedMap<String, Integer> statuses = new TreeMap<>();
    for (String line : HELP) {
      statuses.put(line, execute(List.of(line.split(" "))));
    }
    return statuses;
  }

  /// The exit status of each command line.
  static SortedMap<String, Integer> run() throws IOException {
    SortedMap<String, Integer> statuses = help();
    Path folder = Files.createTempDirectory("pgbackup-rehearsal");
    try (var bucket = new SmallBucket()) {
      Map<String, String> places =
          Map.of(
              "CONFIG", configuration(folder, bucket).toString(),
              "TARGET", folder.resolve("restored").toString());
      for (String line : VERBS) {
        List<String> words =
            Arrays.stream(line.split(" ")).map(word -> places.getOrDefault(word, word)).toList();
        statuses.put(line, execute(words));
      }
      return statuses;
    } finally {
      for (String name : List.of("secret", "pgbackup.yaml", "")) {
        Files.deleteIfExists(folder.resolve(name));
      }
    }
  }

  private static Path configuration(Path folder, SmallBucket bucket) throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "rehearsal");
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    return Files.writeString(
        folder.resolve("pgbackup.yaml"),
        """
        cluster: { name: orders }
        storage: { url: s3://rehearsal, region: us-east-1, pathStyle: true, endpoint: "%s",
          credentials: { accessKeyIdFile: "%s", secretAccessKeyFile: "%s" } }
        """
            .formatted(bucket.endpoint(), secret, secret));
  }

  private static int execute(List<String> words) {
    var nowhere = new PrintStream(OutputStream.nullOutputStream(), false, UTF_8);
    var surroundings =
        new Surroundings(
            Map.of(), Clock.systemUTC(), ZoneId::systemDefault, Prompt.ofThisProcess());
    return PgBackup.run(words, surroundings, nowhere, nowhere);
  }
}
