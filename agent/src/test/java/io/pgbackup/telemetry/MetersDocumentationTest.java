package io.pgbackup.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MetersDocumentationTest {
  private static final Path DOCS = Path.of("..", "docs");
  private static final Pattern METRIC = Pattern.compile("\\bpgbackup_[a-z_]+");

  private static final List<String> NAMES =
      Arrays.stream(Meters.values()).map(Meters::exposedName).toList();

  @Test
  void theTableSaysWhatEachMeterMeansInTheSameWords() throws IOException {
    List<String> rows =
        Files.readAllLines(DOCS.resolve("metrics.md")).stream()
            .filter(line -> line.startsWith("| `"))
            .toList();

    assertThat(rows)
        .containsExactlyElementsOf(
            Arrays.stream(Meters.values())
                .map(meter -> "| `%s` | %s |".formatted(meter.exposedName(), meter.meaning()))
                .toList());
  }

  @Test
  void alertsAndTheirTestsNameOnlyMetersThatExist() throws IOException {
    for (String file : List.of("alerts.yaml", "alerts-test.yaml")) {
      List<String> named =
          METRIC
              .matcher(Files.readString(DOCS.resolve(file)))
              .results()
              .map(MatchResult::group)
              .toList();
      assertThat(named).as(file).isNotEmpty().isSubsetOf(NAMES);
    }
  }
}
