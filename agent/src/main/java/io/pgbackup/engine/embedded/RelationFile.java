package io.pgbackup.engine.embedded;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One file of a relation by its name: `16384`, `16384_fsm`, `16384.1` (storage/file/reinit.c).
///
/// @param number the relation's file number
/// @param fork empty for the main fork, otherwise `fsm`, `vm` or `init`
/// @param segment 0 for the first gigabyte
record RelationFile(String number, String fork, int segment) {
  private static final Pattern NAME =
      Pattern.compile("([0-9]{1,10})(?:_(fsm|vm|init))?(?:\\.([0-9]{1,9}))?");
  private static final Pattern TEMPORARY =
      Pattern.compile("t-?[0-9]+_[0-9]+(?:_(?:fsm|vm|init))?(?:\\.[0-9]+)?");

  static Optional<RelationFile> parse(String fileName) {
    Matcher matcher = NAME.matcher(fileName);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String fork = matcher.group(2);
    String segment = matcher.group(3);
    return Optional.of(
        new RelationFile(
            matcher.group(1),
            fork == null ? "" : fork,
            segment == null ? 0 : Integer.parseInt(segment)));
  }

  /// Whether a name is that of a temporary relation, which does not outlive its session.
  static boolean isTemporary(String fileName) {
    return TEMPORARY.matcher(fileName).matches();
  }

  boolean isMainFork() {
    return fork.isEmpty();
  }

  boolean isInitFork() {
    return fork.equals("init");
  }

  /// The name of the fork that only unlogged relations have.
  String initForkName() {
    return number + "_init";
  }
}
