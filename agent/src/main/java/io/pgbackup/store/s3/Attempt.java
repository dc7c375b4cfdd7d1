package io.pgbackup.store.s3;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/// Marks what one call writes, so that after a lost answer it knows its own object from another's.
record Attempt(String id) {
  private static final String NAME = "pgbackup-attempt";

  static Attempt next() {
    return new Attempt(UUID.randomUUID().toString());
  }

  Map<String, String> mark(Map<String, String> metadata) {
    Map<String, String> marked = new HashMap<>(metadata);
    marked.put(NAME, id);
    return marked;
  }

  boolean made(Map<String, String> metadata) {
    return id.equals(metadata.get(NAME));
  }

  static Map<String, String> withoutMark(Map<String, String> metadata) {
    Map<String, String> given = new HashMap<>(metadata);
    given.remove(NAME);
    return given;
  }
}
