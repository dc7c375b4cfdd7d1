package io.pgbackup.kubernetes;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A chart as helm renders it for release `orders` in namespace `shop`; no cluster is asked.
///
/// @param chart its folder
/// @param release its name
/// @param settings as after `--set`
public record Helm(Path chart, String release, List<String> settings) {
  static final Path CHARTS = Path.of("..", "charts");
  private static final YAMLMapper YAML = new YAMLMapper();

  private static final List<String> LEAST =
      List.of(
          "config.storage.url=s3://backups",
          "credentials.existingSecret=bucket",
          "postgres.existingSecret=superuser");

  record Answer(int status, String output, String errors) {}

  /// With what every release must say, and more.
  public static Helm with(String... settings) {
    return new Helm(
        CHARTS.resolve("pgbackup"),
        "orders",
        Stream.concat(LEAST.stream(), Stream.of(settings)).toList());
  }

  /// The same as another release.
  Helm named(String other) {
    return new Helm(chart, other, settings);
  }

  public static void requireProgram() {
    boolean there =
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "helm")));
    assumeTrue(there, "helm is not on PATH, so the chart cannot be rendered");
  }

  Answer lint() {
    return run(List.of("helm", "lint", "--strict", chart.toString()));
  }

  Answer render() {
    return run(
        List.of(
            "helm",
            "template",
            release,
            chart.toString(),
            "--namespace=shop",
            "--kube-version=1.33.0",
            "--api-versions=monitoring.coreos.com/v1"));
  }

  /// The whole text, of a chart that must render.
  String text() {
    Answer answer = render();
    if (answer.status() != 0) {
      throw new AssertionError(answer.errors());
    }
    return answer.output();
  }

  /// What `helm install` says at its end. Helm renders that only where a cluster answers, so here
  /// it is an object of a copy of the chart.
  ///
  /// @param folder an empty one, for that copy
  public String notes(Path folder) throws IOException {
    copy(chart, folder);
    Path templates = folder.resolve("templates");
    Path notes = templates.resolve("NOTES.txt");
    Files.writeString(
        templates.resolve("notes.yaml"),
        """
        {{ define "notes" }}%s{{ end -}}
        { kind: Notes, metadata: { name: notes }, text: {{ include "notes" . | toJson }} }
        """
            .formatted(Files.readString(notes)));
    Files.delete(notes);
    return new Helm(folder, release, settings).one("Notes", "notes").get("text").asText();
  }

  /// @param to as after `helm dependency update`, where it lies among another chart's
  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    }
  }

  List<JsonNode> objects() {
    try {
      return YAML.readerFor(JsonNode.class).<JsonNode>readValues(text()).readAll().stream()
          .filter(JsonNode::isObject)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<JsonNode> ofKind(String kind) {
    return objects().stream().filter(object -> object.at("/kind").asText().equals(kind)).toList();
  }

  /// The only one of its kind and name.
  JsonNode one(String kind, String name) {
    List<JsonNode> found =
        ofKind(kind).stream()
            .filter(object -> object.at("/metadata/name").asText().equals(name))
            .toList();
    if (found.size() != 1) {
      throw new AssertionError(found.size() + " of " + kind + " " + name);
    }
    return found.getFirst();
  }

  /// The pod of the server.
  JsonNode pod() {
    return one("StatefulSet", "orders").at("/spec/template/spec");
  }

  private Answer run(List<String> command) {
    List<String> words = new ArrayList<>(command);
    settings.forEach(setting -> words.add("--set=" + setting));
    try {
      Path errors = Files.createTempFile("helm", ".err");
      Process process = new ProcessBuilder(words).redirectError(errors.toFile()).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("helm does not end");
      }
      String said = Files.readString(errors);
      Files.delete(errors);
      return new Answer(process.exitValue(), output, said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
