package io.pgbackup.restore;

/// Text for a shell and for postgresql.conf.
final class Quoting {
  private Quoting() {}

  /// One word for a POSIX shell.
  static String shell(String word) {
    return "'" + word.replace("'", "'\\''") + "'";
  }

  /// A quoted value for postgresql.conf, where a backslash escapes as well (guc-file.l).
  static String setting(String value) {
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'";
  }
}
