package io.pgbackup.cli.wal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The words of a command line, split into options and operands. The global options are accepted as
/// everywhere, before and after the verb.
///
/// @param options by their long name; flags have an empty value
/// @param operands the first is the verb
record WalArguments(Map<String, String> options, List<String> operands) {
  private static final Map<String, String> SHORT =
      Map.of("-c", "--config", "-o", "--output", "-v", "--verbose", "-h", "--help");
  private static final Set<String> WITH_VALUE =
      Set.of("--config", "--store", "--output", "--socket", "--prefix", "--walg-env");
  private static final Set<String> FLAGS = Set.of("--verbose", "--help");

  static WalArguments of(List<String> arguments) {
    Map<String, String> options = new HashMap<>();
    List<String> operands = new ArrayList<>();
    Deque<String> left = new ArrayDeque<>(arguments);
    while (!left.isEmpty()) {
      String word = left.removeFirst();
      if (word.equals("--")) {
        operands.addAll(left);
        break;
      }
      if (!word.startsWith("-")) {
        operands.add(word);
        continue;
      }
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      name = SHORT.getOrDefault(name, name);
      if (equals >= 0) {
        options.put(name, word.substring(equals + 1));
      } else {
        boolean value = WITH_VALUE.contains(name) && !left.isEmpty();
        options.put(name, value ? left.removeFirst() : "");
      }
    }
    return new WalArguments(options, operands);
  }

  boolean isWal() {
    return !operands.isEmpty() && operands.getFirst().equals("wal");
  }

  /// `push`, `fetch`, or whatever follows `wal`; empty for nothing.
  String verb() {
    return operands.size() < 2 ? "" : operands.get(1);
  }

  List<String> files() {
    return operands.subList(Math.min(2, operands.size()), operands.size());
  }

  boolean help() {
    return options.containsKey("--help");
  }

  Optional<String> value(String option) {
    return Optional.ofNullable(options.get(option)).filter(text -> !text.isEmpty());
  }

  /// The first thing that is wrong with the options.
  Optional<String> fault() {
    for (var option : options.entrySet()) {
      if (WITH_VALUE.contains(option.getKey())) {
        if (option.getValue().isEmpty()) {
          return Optional.of(option.getKey() + " needs a value");
        }
      } else if (!FLAGS.contains(option.getKey())) {
        return Optional.of("unknown option " + option.getKey());
      }
    }
    return Optional.empty();
  }
}
