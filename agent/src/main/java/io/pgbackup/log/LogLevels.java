package io.pgbackup.log;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import org.slf4j.event.Level;

/// From which level on each logger writes, by slf4j-simple's own settings, so that both formats
/// hold the same lines: `simplelogger.properties`, and before it system properties of the same
/// names.
final class LogLevels {
  private static final String PREFIX = "org.slf4j.simpleLogger.";

  private final Properties settings;

  LogLevels(Properties settings) {
    this.settings = settings;
  }

  static LogLevels ofSimpleLogger() {
    Properties file = new Properties();
    try (InputStream resource = LogLevels.class.getResourceAsStream("/simplelogger.properties")) {
      if (resource != null) {
        file.load(resource);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    file.putAll(System.getProperties());
    return new LogLevels(file);
  }

  /// @return empty for a logger that is off
  Optional<Level> of(String logger) {
    for (String name = logger; ; name = name.substring(0, Math.max(0, name.lastIndexOf('.')))) {
      String said =
          settings.getProperty(
              name.isEmpty() ? PREFIX + "defaultLogLevel" : PREFIX + "log." + name);
      if (said != null || name.isEmpty()) {
        return level(said == null ? "info" : said);
      }
    }
  }

  private static Optional<Level> level(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "off" -> Optional.empty();
      case "trace" -> Optional.of(Level.TRACE);
      case "debug" -> Optional.of(Level.DEBUG);
      case "warn" -> Optional.of(Level.WARN);
      case "error" -> Optional.of(Level.ERROR);
      default -> Optional.of(Level.INFO);
    };
  }
}
