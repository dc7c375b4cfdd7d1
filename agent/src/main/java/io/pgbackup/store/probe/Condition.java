package io.pgbackup.store.probe;

/// Under which a write is to happen.
public sealed interface Condition {
  /// Only where no object stands (`If-None-Match: *`).
  record Absent() implements Condition {}

  /// Only over this version (`If-Match`).
  record Version(String tag) implements Condition {}

  /// Always.
  record Any() implements Condition {}

  Condition ABSENT = new Absent();
  Condition ANY = new Any();
}
