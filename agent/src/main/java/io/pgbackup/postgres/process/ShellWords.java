package io.pgbackup.postgres.process;

import static java.util.stream.Collectors.joining;

import java.util.List;

/// Words for a POSIX shell, for `pg_ctl -o`, which hands its text to one.
final class ShellWords {
  private ShellWords() {}

  static String join(List<String> words) {
    return words.stream().map(ShellWords::quote).collect(joining(" "));
  }

  static String quote(String word) {
    return word.matches("[A-Za-z0-9_./:=+,@%-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
