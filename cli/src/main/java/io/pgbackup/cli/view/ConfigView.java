package io.pgbackup.cli.view;

import io.pgbackup.cli.output.Table;
import io.pgbackup.config.Setting;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What a configuration says.
public final class ConfigView {
  /// @param problem why it is not valid
  public record Check(String file, boolean valid, Optional<String> problem) {
    public static Check valid(Path file) {
      return new Check(file.toString(), true, Optional.empty());
    }

    public static Check refused(Path file, Problem problem) {
      return new Check(file.toString(), false, Optional.of(problem.message()));
    }
  }

  public record Shown(String file, List<Key> keys) {}

  /// @param from `default`, `file` or `environment`
  /// @param variable the environment variable, where it gave the value
  public record Key(String key, String value, String from, Optional<String> variable) {}

  private ConfigView() {}

  public static String valid(Path file, List<Setting> settings) {
    return "%s is valid: %d keys from the file, %d from the environment%n"
        .formatted(
            file,
            count(settings, Setting.Origin.FILE),
            count(settings, Setting.Origin.ENVIRONMENT));
  }

  private static long count(List<Setting> settings, Setting.Origin origin) {
    return settings.stream().filter(setting -> setting.origin() == origin).count();
  }

  public static Shown json(Path file, List<Setting> settings) {
    return new Shown(
        file.toString(),
        settings.stream()
            .map(
                setting ->
                    new Key(setting.key(), setting.value(), from(setting), setting.variable()))
            .toList());
  }

  public static String table(List<Setting> settings) {
    Table table = new Table("KEY", "VALUE", "FROM");
    settings.forEach(
        setting ->
            table.row(
                setting.key(),
                setting.value().isEmpty() ? "-" : setting.value(),
                setting.variable().map(name -> "$" + name).orElseGet(() -> from(setting))));
    return table.render();
  }

  private static String from(Setting setting) {
    return setting.origin().name().toLowerCase(Locale.ROOT);
  }
}
