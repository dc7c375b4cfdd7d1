package io.pgbackup.config;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reports keys that nobody asked for, with the key that was probably meant.
final class UnknownKeys {
  private final Set<String> known;
  private final ConfigFaults faults;

  UnknownKeys(Set<String> known, ConfigFaults faults) {
    this.known = known;
    this.faults = faults;
  }

  void report(JsonNode tree) {
    report("", tree);
  }

  private void report(String parent, JsonNode node) {
    for (var entry : node.properties()) {
      String path = parent + entry.getKey();
      if (!known.contains(path)) {
        faults.add(
            path,
            "unknown key"
                + suggestion(parent, entry.getKey())
                    .map("; did you mean '%s'?"::formatted)
                    .orElse(""));
      } else if (entry.getValue().isObject()) {
        report(path + ".", entry.getValue());
      } else if (entry.getValue().isArray()) {
        reportEach(path, entry.getValue());
      }
    }
  }

  /// Of a sequence of mappings, where each was read for itself.
  private void reportEach(String path, JsonNode list) {
    for (int i = 0; i < list.size(); i++) {
      String inner = "%s[%d].".formatted(path, i);
      if (known.stream().anyMatch(key -> key.startsWith(inner))) {
        report(inner, list.get(i));
      }
    }
  }

  /// A sibling with nearly this name, otherwise a key of this name in another section.
  private Optional<String> suggestion(String parent, String key) {
    List<String> siblings =
        known.stream()
            .filter(path -> path.startsWith(parent) && path.indexOf('.', parent.length()) < 0)
            .map(path -> path.substring(parent.length()))
            .toList();
    return Spelling.nearest(key, siblings)
        .or(
            () ->
                known.stream()
                    .filter(path -> path.substring(path.lastIndexOf('.') + 1).equalsIgnoreCase(key))
                    .findFirst());
  }
}
