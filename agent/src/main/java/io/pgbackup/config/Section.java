package io.pgbackup.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.pgbackup.config.Setting.Origin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// One mapping of the file, read key by key. What the environment says goes before what the file
/// says; whatever is not asked for is unknown.
///
/// Not thread-safe: one belongs to one reading.
final class Section {
  private final String path;
  private final JsonNode node;
  private final Reading reading;

  private Section(String path, JsonNode node, Reading reading) {
    this.path = path;
    this.node = node;
    this.reading = reading;
  }

  static Section root(JsonNode tree, Reading reading) {
    return new Section("", tree, reading);
  }

  Section section(String key) {
    String inner = path(key);
    reading.known(inner);
    JsonNode child = node.path(key);
    if (!child.isObject() && !child.isMissingNode() && !child.isNull()) {
      reading.faults().add(inner, "must be a mapping with keys of its own");
      child = MissingNode.getInstance();
    }
    return new Section(inner, child, reading);
  }

  /// @param example of a value, shown where none is given
  /// @param placeholder stands in where the value is missing or wrong, until the faults are thrown
  <T> T required(String key, Value<T> value, String example, T placeholder) {
    Optional<T> read = optional(key, value);
    if (!says(key)) {
      reading.faults().add(path(key), "missing; for example " + example);
    }
    return read.orElse(placeholder);
  }

  <T> T withDefault(String key, Value<T> value, T standard) {
    Optional<T> read = optional(key, value);
    if (!says(key)) {
      follows(key, value.words(standard));
    }
    return read.orElse(standard);
  }

  /// What holds for a key that was not given, because it is a default or follows from others.
  void follows(String key, String text) {
    if (!says(key)) {
      reading.note(new Setting(path(key), text, Origin.DEFAULT, Optional.empty()));
    }
  }

  private void noteGiven(String key, String text) {
    reading.note(
        variable(override(key))
            .map(it -> new Setting(path(key), it, Origin.ENVIRONMENT, Optional.of(override(key))))
            .orElseGet(
                () ->
                    new Setting(
                        path(key),
                        text,
                        given(key) ? Origin.FILE : Origin.DEFAULT,
                        Optional.empty())));
  }

  /// Empty where neither file nor environment give a value, or the empty text, or a wrong one.
  <T> Optional<T> optional(String key, Value<T> value) {
    reading.known(path(key));
    noteGiven(key, node.path(key).asText(""));
    Optional<String> override = variable(override(key));
    if (override.isPresent()) {
      return parse("%s (%s)".formatted(override(key), path(key)), override.get(), value);
    }
    return given(key) ? fromFile(key, value) : Optional.empty();
  }

  /// A sequence in the file, or one text with commas in the environment. Elements that are wrong
  /// are faults and left out.
  <T> List<T> list(String key, Value<T> value) {
    reading.known(path(key));
    noteGiven(
        key, node.path(key).valueStream().map(JsonNode::asText).collect(Collectors.joining(",")));
    Optional<String> override = variable(override(key));
    if (override.isPresent()) {
      String where = "%s (%s)".formatted(override(key), path(key));
      return Arrays.stream(override.get().split(","))
          .flatMap(text -> parse(where, text.strip(), value).stream())
          .toList();
    }
    JsonNode child = node.path(key);
    if (child.isMissingNode() || child.isNull()) {
      return List.of();
    }
    if (!child.isArray() || child.valueStream().anyMatch(element -> !element.isTextual())) {
      reading.faults().add(path(key), "must be a list of texts");
      return List.of();
    }
    return child
        .valueStream()
        .flatMap(element -> parse(path(key), element.textValue(), value).stream())
        .toList();
  }

  /// The mappings of a sequence; from the environment as JSON. What is no mapping is a fault and
  /// left out.
  List<Section> sections(String key) {
    reading.known(path(key));
    Optional<String> override = variable(override(key));
    JsonNode list =
        override.isPresent()
            ? parse("%s (%s)".formatted(override(key), path(key)), override.get(), Values.JSON)
                .orElse(MissingNode.getInstance())
            : node.path(key);
    if (list.isMissingNode() || list.isNull()) {
      return List.of();
    }
    List<Section> sections = new ArrayList<>();
    if (!list.isArray()) {
      reading.faults().add(path(key), "must be a list of mappings");
    }
    for (int i = 0; i < list.size() && list.isArray(); i++) {
      String inner = "%s[%d]".formatted(path(key), i);
      if (list.get(i).isObject()) {
        sections.add(new Section(inner, list.get(i), reading));
      } else {
        reading.faults().add(inner, "must be a mapping with keys of its own");
      }
    }
    return sections;
  }

  /// A value of any shape; from the environment as JSON.
  Optional<JsonNode> anything(String key) {
    reading.known(path(key));
    knowAll(path(key), node.path(key));
    noteGiven(key, given(key) ? node.path(key).toString() : "");
    Optional<String> override = variable(override(key));
    if (override.isPresent()) {
      return parse("%s (%s)".formatted(override(key), path(key)), override.get(), Values.JSON);
    }
    return given(key) ? Optional.of(node.path(key)) : Optional.empty();
  }

  private void knowAll(String inner, JsonNode value) {
    for (var entry : value.properties()) {
      reading.known(inner + "." + entry.getKey());
      knowAll(inner + "." + entry.getKey(), entry.getValue());
    }
  }

  /// A secret's own key, refused because a configuration file is copied, shown and committed.
  void refuseInline(String key) {
    String instead = key + "File";
    if (!node.path(key).isMissingNode()) {
      reading.known(path(key));
      reading.faults().add(path(key), "put it in a file and name it with " + instead);
    }
    if (variable(override(key)).isPresent()) {
      reading.faults().add(override(key), "put it in a file and name it with " + override(instead));
    }
  }

  void fault(String key, String fault) {
    reading.faults().add(path(key), fault);
  }

  /// Whether the file or the environment says anything about this key.
  boolean says(String key) {
    return given(key) || variable(override(key)).isPresent();
  }

  /// An environment variable that is not ours; empty where it is not set or empty.
  Optional<String> variable(String name) {
    return Optional.of(reading.environment().getOrDefault(name, ""))
        .filter(text -> !text.isEmpty());
  }

  private boolean given(String key) {
    JsonNode child = node.path(key);
    return !child.isMissingNode()
        && !child.isNull()
        && !(child.isTextual() && child.textValue().isEmpty());
  }

  private <T> Optional<T> fromFile(String key, Value<T> value) {
    JsonNode child = node.path(key);
    boolean fits =
        switch (value.form()) {
          case TEXT -> child.isTextual();
          case INTEGER -> child.isIntegralNumber();
          case BOOLEAN -> child.isBoolean();
        };
    if (!fits) {
      boolean quotes = value.form() == Value.Form.TEXT && child.isValueNode();
      reading
          .faults()
          .add(path(key), "must be " + value.form().words() + (quotes ? "; put it in quotes" : ""));
      return Optional.empty();
    }
    return parse(path(key), child.asText(), value);
  }

  private <T> Optional<T> parse(String where, String text, Value<T> value) {
    try {
      return Optional.of(value.parser().parse(text));
    } catch (IllegalArgumentException e) {
      reading.faults().add(where, String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private String path(String key) {
    return path.isEmpty() || key.isEmpty() ? path + key : path + "." + key;
  }

  private String override(String key) {
    return variableOf(path(key));
  }

  /// `storage.pathStyle` is `PGBACKUP_STORAGE_PATH_STYLE` in the environment.
  static String variableOf(String path) {
    return "PGBACKUP_"
        + path.replace('.', '_').replaceAll("([a-z0-9])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT);
  }

  /// What one reading shares between its sections.
  record Reading(
      Map<String, String> environment,
      ConfigFaults faults,
      Set<String> paths,
      Map<String, Setting> settings) {
    void known(String path) {
      paths.add(path);
    }

    /// The last word on a key counts.
    void note(Setting setting) {
      settings.put(setting.key(), setting);
    }
  }
}
