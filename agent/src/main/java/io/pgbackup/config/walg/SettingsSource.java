package io.pgbackup.config.walg;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Reads names and values from whatever form they are kept in.
final class SettingsSource {
  private static final long GREATEST = 1 << 20;

  private SettingsSource() {}

  /// An envdir (one file for each setting), a `.json` or `.yaml` as `wal-g --config` reads it, or a
  /// file of assignments.
  ///
  /// @throws PgBackupException `Misconfigured`, never with a value in it
  static Map<String, String> read(Path source) {
    try {
      if (Files.isDirectory(source)) {
        return directory(source);
      }
      String text = content(source);
      String name = String.valueOf(source.getFileName()).toLowerCase(Locale.ROOT);
      // YAML's reader reads JSON too
      return name.endsWith(".json") || name.endsWith(".yaml") || name.endsWith(".yml")
          ? tree(text)
          : EnvText.parse(text);
    } catch (IllegalArgumentException e) {
      throw unreadable(source, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw unreadable(source, Files.exists(source) ? e.toString() : "there is no such file", e);
    }
  }

  /// As `envdir` has it: the first line, without blanks at its end, and NUL for a line end.
  private static Map<String, String> directory(Path directory) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        String name = file.getFileName().toString();
        if (name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
          String text = content(file);
          int end = text.indexOf('\n');
          String line = end < 0 ? text : text.substring(0, end);
          found.put(name, line.stripTrailing().replace('\0', '\n'));
        }
      }
    }
    return found;
  }

  private static Map<String, String> tree(String text) {
    Map<String, String> found = new TreeMap<>();
    try {
      JsonNode tree = new YAMLMapper().readTree(text);
      if (!tree.isObject()) {
        throw new IllegalArgumentException("it is not a mapping of names to values");
      }
      for (var entry : tree.properties()) {
        if (entry.getValue().isValueNode() && !entry.getValue().isNull()) {
          found.put(entry.getKey().toUpperCase(Locale.ROOT), entry.getValue().asText());
        }
      }
      return found;
    } catch (JacksonException e) {
      // the message would show the line, which may hold a secret
      throw new IllegalArgumentException(
          e.getLocation() == null
              ? "it is neither YAML nor JSON"
              : "line %d is neither YAML nor JSON".formatted(e.getLocation().getLineNr()));
    }
  }

  private static String content(Path file) throws IOException {
    if (Files.size(file) > GREATEST) {
      throw new IllegalArgumentException(file.getFileName() + " is larger than any setting");
    }
    return Files.readString(file);
  }

  private static PgBackupException unreadable(Path source, String fault, Exception cause) {
    return Problem.misconfigured(
            "WAL-G's settings in %s cannot be read: %s".formatted(source, fault),
            "Name a file of KEY=value lines, an envdir, or a .walg.json or .yaml.")
        .causedBy(cause);
  }
}
