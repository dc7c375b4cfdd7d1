package io.pgbackup.config.walg;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Looks settings up as WAL-G 3.0.9 does, and remembers which ones anybody asked for. The empty
/// text counts as not set. Not thread-safe.
final class WalgNames {
  private final Map<String, String> settings;
  private final Set<String> asked = new TreeSet<>();

  WalgNames(Map<String, String> settings) {
    this.settings = settings;
  }

  /// A general setting, which has one spelling.
  Optional<String> general(String name) {
    asked.add(name);
    return Optional.ofNullable(settings.get(name)).filter(value -> !value.isEmpty());
  }

  /// A setting of a storage: `X`, else `WALG_X`, else `WALE_X`.
  Optional<String> ofStorage(String... names) {
    return Arrays.stream(names)
        .flatMap(name -> spelling(name).stream())
        .findFirst()
        .flatMap(this::general);
  }

  /// As it is spelled there, for messages.
  Optional<String> spelling(String name) {
    Optional<String> found = Optional.empty();
    for (String spelled : new String[] {name, "WALG_" + name, "WALE_" + name}) {
      if (general(spelled).isPresent() && found.isEmpty()) {
        found = Optional.of(spelled);
      }
    }
    return found;
  }

  /// Set, of WAL-G's or of a storage, and never asked for.
  Set<String> ignored() {
    Set<String> left = new TreeSet<>();
    settings.forEach(
        (name, value) -> {
          boolean walg = name.matches("(WALG|WALE|AWS|S3)_.*");
          if (walg && !value.isEmpty() && !asked.contains(name)) {
            left.add(name);
          }
        });
    return left;
  }
}
