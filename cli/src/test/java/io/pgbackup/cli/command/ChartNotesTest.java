package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.kubernetes.Helm;
import io.pgbackup.testing.GoldenArchive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands that the chart prints after an installation are ones that the program takes.
class ChartNotesTest {
  private static final Pattern COMMAND =
      Pattern.compile(
          "^  (?:[A-Z0-9_]+=\\S+ )*(?:kubectl .* -- )?pgbackup (.*)$", Pattern.MULTILINE);

  @TempDir private Path folder;

  @BeforeAll
  static void requireHelm() {
    Helm.requireProgram();
  }

  private List<String[]> commands(String... settings) throws IOException {
    String notes = Helm.with(settings).notes(folder.resolve("chart"));
    return COMMAND
        .matcher(notes.replace("\\\n  ", ""))
        .results()
        .map(found -> found.group(1).split(" +"))
        .toList();
  }

  @Test
  void everyOneIsUnderstood() throws IOException {
    List<String[]> commands =
        commands("replicas=2", "config.storage.endpoint=https://minio.example:9000");

    assertThat(commands)
        .extracting(words -> String.join(" ", words))
        .anyMatch(line -> line.startsWith("restore --statefulset orders -n shop"))
        .anyMatch(line -> line.startsWith("undo --statefulset orders -n shop"))
        .anyMatch(line -> line.startsWith("--store s3://backups restore"))
        .anyMatch(line -> line.endsWith("window"))
        .anyMatch(line -> line.endsWith("doctor"));
    assertThat(commands)
        .allSatisfy(words -> CommandLines.create(Run.NO_TERMINAL, List.of(words)).parseArgs(words));
  }

  /// Names are only looked at when a verb runs.
  @Test
  void theCopyIsOfTheClusterThatTheChartMakes() throws IOException {
    GoldenArchive.copyInto(folder.resolve("store/pgbackup/shop/orders/g/15"));
    String[] copy =
        commands("config.storage.url=file://" + folder.resolve("store")).stream()
            .filter(words -> words[0].equals("--store"))
            .findFirst()
            .orElseThrow();

    Run run =
        Run.of(
            Stream.concat(Stream.of(copy), Stream.of("--plan"))
                .map(word -> word.replace("./restored", folder.resolve("restored").toString()))
                .toArray(String[]::new));

    assertThat(run.err())
        .as("found, and its windows looked at")
        .contains("2026-01-02T03:04:05Z is before the recovery window");
    assertThat(run.status()).isEqualTo(4);
  }
}
