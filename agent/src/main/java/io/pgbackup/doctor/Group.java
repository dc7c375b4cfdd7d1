package io.pgbackup.doctor;

import java.util.Locale;

/// What a check is about, in the order in which they run.
public enum Group {
  STORAGE("what the store does, tried"),
  PERMISSIONS("what the credential may do here"),
  ISOLATION("what the credential may do elsewhere"),
  POSTGRES("the server and its settings"),
  ENGINE("what packs and unpacks"),
  ENCRYPTION("the keys"),
  AGENT("the agent and its surroundings");

  private final String meaning;

  Group(String meaning) {
    this.meaning = meaning;
  }

  public String meaning() {
    return meaning;
  }

  /// As it is written on the command line and in JSON: `storage`.
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
