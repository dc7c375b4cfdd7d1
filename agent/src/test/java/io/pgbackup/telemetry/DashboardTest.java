package io.pgbackup.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/// The dashboard that the chart brings. After a change of the meters it is written anew with
/// `-Dpgbackup.dashboard=write`.
class DashboardTest {
  private static final Path FILE = Path.of("..", "charts", "pgbackup", "files", "dashboard.json");
  private static final Pattern METRIC = Pattern.compile("\\bpgbackup_[a-z_]+");

  private static List<JsonNode> panels() throws IOException {
    JsonNode dashboard = new ObjectMapper().readTree(FILE.toFile());
    return StreamSupport.stream(dashboard.get("panels").spliterator(), false).toList();
  }

  private static Stream<String> expressions() throws IOException {
    return panels().stream()
        .flatMap(panel -> StreamSupport.stream(panel.path("targets").spliterator(), false))
        .map(target -> target.get("expr").asText());
  }

  private static Set<String> metersIn(Stream<String> texts) {
    Set<String> names = new TreeSet<>();
    texts.forEach(
        text ->
            METRIC
                .matcher(text)
                .results()
                .map(MatchResult::group)
                .map(name -> name.replaceFirst("_bucket$", ""))
                .forEach(names::add));
    return names;
  }

  @Test
  void theFileIsMadeOfTheMeters() throws IOException {
    if ("write".equals(System.getProperty("pgbackup.dashboard"))) {
      Files.writeString(FILE, Dashboard.text());
    }

    assertThat(FILE).hasContent(Dashboard.text());
  }

  @Test
  void itNamesOnlyMetersThatExistAndEveryOneOfThem() throws IOException {
    assertThat(metersIn(expressions()))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Meters.values()).map(Meters::exposedName).toList());
  }

  @Test
  void whoeverIsWokenByAnAlertSeesItsMeters() throws IOException {
    JsonNode rules =
        new YAMLMapper()
            .readTree(Path.of("..", "docs", "alerts.yaml").toFile())
            .at("/groups/0/rules");
    Set<String> alerting =
        metersIn(
            StreamSupport.stream(rules.spliterator(), false)
                .map(rule -> rule.get("expr").asText()));

    assertThat(metersIn(expressions())).isNotEmpty().containsAll(alerting);
  }

  @Test
  void noPanelLiesOnAnother() throws IOException {
    Set<String> cells = new TreeSet<>();
    for (JsonNode panel : panels()) {
      JsonNode at = panel.get("gridPos");
      for (int x = 0; x < at.get("w").asInt(); x++) {
        for (int y = 0; y < at.get("h").asInt(); y++) {
          String cell = (at.get("x").asInt() + x) + ":" + (at.get("y").asInt() + y);
          assertThat(cells.add(cell)).as(cell).isTrue();
        }
      }
    }
    assertThat(panels()).allMatch(panel -> panel.at("/gridPos/x").asInt() < 24);
  }
}
