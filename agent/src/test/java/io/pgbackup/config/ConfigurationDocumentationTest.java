package io.pgbackup.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ConfigurationDocumentationTest {
  private static final Path REPOSITORY = Path.of("..");
  private static final Path PAGE = REPOSITORY.resolve("docs/configuration.md");
  private static final Pattern EXAMPLE = Pattern.compile("(?s)```yaml\\n(.*?)```");
  private static final ConfigLoader LOADER = new ConfigLoader(Map.of());

  private static List<String> examples(Path page) throws IOException {
    return EXAMPLE
        .matcher(Files.readString(page))
        .results()
        .map(match -> match.group(1))
        .filter(yaml -> yaml.contains("storage:"))
        .toList();
  }

  private static List<String> keys() {
    Set<String> paths = ConfigLoader.keys();
    return paths.stream()
        .filter(path -> paths.stream().noneMatch(other -> other.startsWith(path + ".")))
        .toList();
  }

  @Test
  void namesEveryKeyWithItsVariable() throws IOException {
    List<String> rows =
        Files.readAllLines(PAGE).stream().filter(line -> line.startsWith("| `")).toList();

    assertThat(keys())
        .hasSizeGreaterThan(30)
        .allSatisfy(
            key ->
                assertThat(rows)
                    .anyMatch(
                        row ->
                            row.startsWith(
                                "| `%s` | `%s` |".formatted(key, Section.variableOf(key)))));
    assertThat(rows).hasSize(keys().size());
  }

  @Test
  void theCompleteExampleHasEveryKeyWithItsDefault() throws IOException {
    String complete =
        examples(PAGE).stream()
            .filter(yaml -> yaml.contains("retention:"))
            .findFirst()
            .orElseThrow();

    assertThat(LOADER.parse("the complete example", complete))
        .isEqualTo(
            LOADER.parse(
                "the least, with one rule of retention, since written ones mean more than none",
                """
                cluster: { name: orders }
                storage: { url: s3://backups }
                retention: { run: job, keepFull: 7 }
                """));
    assertThat(keys())
        .allSatisfy(
            key -> assertThat(complete).contains(key.substring(key.lastIndexOf('.') + 1) + ":"));
  }

  @Test
  void everyExampleInTheDocumentationIsValid() throws IOException {
    try (Stream<Path> pages = Files.walk(REPOSITORY.resolve("docs"))) {
      List<Path> all =
          Stream.concat(pages, Stream.of(REPOSITORY.resolve("README.md")))
              .filter(page -> page.toString().endsWith(".md"))
              .toList();
      for (Path page : all) {
        for (String example : examples(page)) {
          assertThatCode(() -> parse(page, example)).doesNotThrowAnyException();
        }
      }
    }
    assertThat(examples(PAGE)).hasSize(5);
  }

  private static void parse(Path page, String example) {
    if (example.contains("broker:")
        && !example.startsWith("cluster:")
        && !example.contains("\ncluster:")) {
      LOADER.parseBroker(page.toString(), example);
    } else {
      LOADER.parse(page.toString(), example);
    }
  }
}
