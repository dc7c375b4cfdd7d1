package io.pgbackup.config.walg;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.Map;
import java.util.TreeMap;

/// Our side of the settings, as it grows. Not thread-safe.
record Mapping(Map<String, String> overrides, Map<String, WalgSettings.Secret> secrets) {
  Mapping() {
    this(new TreeMap<>(), new TreeMap<>());
  }

  void set(String variable, String value) {
    overrides.put(variable, value);
  }

  void setSecret(String variable, String value) {
    secrets.put(variable, new WalgSettings.Secret(value));
  }

  /// @param setting as it is spelled there
  static PgBackupException refused(String setting, String why, String hint) {
    return Problem.misconfigured(setting + ": " + why, hint).asException();
  }
}
