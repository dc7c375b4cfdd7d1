package io.pgbackup.store.past;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.past.Changes.Change;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Counts what happened to objects, each once, however often they are looked at. Thread-safe.
final class ChangeLog {
  /// More are not counted: an attacker writes as many as he likes.
  private static final int MOST = 100_000;

  private final Set<ObjectKey> seen = new HashSet<>();
  private int overwritten;
  private int deleted;
  private int ambiguous;
  private @Nullable Change first;
  private @Nullable ObjectKey ambiguousExample;

  synchronized void add(KeyHistory history) {
    boolean changed = history.changed().isPresent();
    if ((!changed && !history.wasOverwritten())
        || isMutable(history.key())
        || seen.size() == MOST
        || !seen.add(history.key())) {
      return;
    }
    if (history.wasOverwritten()) {
      ambiguous++;
      ambiguousExample = ambiguousExample == null ? history.key() : ambiguousExample;
    }
    history
        .changed()
        .ifPresent(
            at -> {
              if (history.isDeletedNow()) {
                deleted++;
              } else {
                overwritten++;
              }
              if (first == null || at.isBefore(first.at())) {
                first = new Change(history.key(), at);
              }
            });
  }

  /// Leases are renewed, and `metadata.json` tells whether a base backup is permanent.
  private static boolean isMutable(ObjectKey key) {
    return key.value().matches("(.*/)?pgbackup/leases/[^/]*")
        || key.value().matches("(.*/)?basebackups_005/[^/]*/metadata\\.json");
  }

  synchronized Changes changes() {
    return new Changes(
        overwritten,
        deleted,
        Optional.ofNullable(first),
        ambiguous,
        Optional.ofNullable(ambiguousExample));
  }
}
