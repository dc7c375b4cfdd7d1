package io.pgbackup.config;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The variables that AWS's own tools and WAL-G read, as overrides of our keys. The first one that
/// is set wins.
final class AwsEnvironment {
  private static final Map<String, List<String>> NAMES =
      Map.of(
          "storage.region", List.of("AWS_REGION", "AWS_DEFAULT_REGION"),
          "storage.endpoint", List.of("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
          "storage.pathStyle", List.of("AWS_S3_FORCE_PATH_STYLE"),
          "storage.caFile", List.of("AWS_CA_BUNDLE"));

  private AwsEnvironment() {}

  static Map<String, String> asOverrides(Map<String, String> environment) {
    Map<String, String> overrides = new HashMap<>();
    NAMES.forEach(
        (path, names) ->
            names.stream()
                .map(name -> environment.getOrDefault(name, ""))
                .filter(value -> !value.isEmpty())
                .findFirst()
                .ifPresent(value -> overrides.put(Section.variableOf(path), value)));
    return overrides;
  }
}
