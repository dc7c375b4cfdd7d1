package io.pgbackup.doctor;

import java.util.function.Supplier;

/// One question.
///
/// @param name a word or two, joined by hyphens
/// @param gate whether the others of its group, and of groups that need it, make no sense where
///   this one does not pass
record Check(String name, boolean gate, Supplier<Outcome> question) {
  static Check of(String name, Supplier<Outcome> question) {
    return new Check(name, /* gate= */ false, question);
  }

  static Check gate(String name, Supplier<Outcome> question) {
    return new Check(name, /* gate= */ true, question);
  }
}
