package io.pgbackup.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/// Whoever is woken by an alert finds its section.
class AlertsDocumentationTest {
  private static final Path DOCS = Path.of("..", "docs");
  private static final Pattern SECTION = Pattern.compile("(?m)^## (PgBackup\\w+)$");
  private static final Pattern LINK = Pattern.compile("\\]\\(#([a-z]+)\\)");

  private static String page() throws IOException {
    return Files.readString(DOCS.resolve("alerts.md"));
  }

  private static List<String> sections() throws IOException {
    return SECTION.matcher(page()).results().map(match -> match.group(1)).toList();
  }

  private static Stream<JsonNode> rules() throws IOException {
    JsonNode rules =
        new YAMLMapper().readTree(DOCS.resolve("alerts.yaml").toFile()).at("/groups/0/rules");
    return StreamSupport.stream(rules.spliterator(), false);
  }

  @Test
  void everyAlertHasItsSectionAndEverySectionItsAlert() throws IOException {
    assertThat(sections())
        .doesNotHaveDuplicates()
        .containsExactlyElementsOf(
            rules().map(rule -> rule.get("alert").asText()).distinct().toList());
  }

  @Test
  void everyAlertLeadsToItsSection() throws IOException {
    assertThat(rules())
        .isNotEmpty()
        .allSatisfy(
            rule ->
                assertThat(rule.at("/annotations/runbook_url").asText())
                    .isEqualTo("docs/alerts.md#" + anchor(rule.get("alert").asText())));
  }

  @Test
  void everySectionSaysWhatItMeansHowToSeeItWhatToDoAndWhenItIsHarmless() throws IOException {
    for (String section : page().split("(?m)^## ")) {
      if (section.startsWith("PgBackup")) {
        assertThat(section).contains("**Means** ", "**See**", "**Harmless** ");
        assertThat(section).containsPattern("\\*\\*(Do|do)\\*\\*");
      }
    }
  }

  @Test
  void everyLinkWithinThePageLeadsSomewhere() throws IOException {
    List<String> anchors = sections().stream().map(AlertsDocumentationTest::anchor).toList();

    assertThat(LINK.matcher(page()).results().map((MatchResult match) -> match.group(1)))
        .isNotEmpty()
        .allSatisfy(link -> assertThat(anchors).contains(link));
  }

  private static String anchor(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}
