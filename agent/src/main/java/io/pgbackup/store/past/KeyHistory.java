package io.pgbackup.store.past;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectVersion;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the versions of one object say about an instant, told one after the other, however many
/// they are. Not thread-safe.
final class KeyHistory {
  private final ObjectKey key;
  private final Instant instant;
  private @Nullable ObjectVersion standing;
  private @Nullable ObjectVersion before;
  private @Nullable ObjectVersion deletion;
  private @Nullable Instant changed;
  private boolean deletedNow;

  KeyHistory(ObjectKey key, Instant instant) {
    this.key = key;
    this.instant = instant;
  }

  void add(ObjectVersion version) {
    if (version.written().isAfter(instant)) {
      if (changed == null || version.written().isBefore(changed)) {
        changed = version.written();
      }
      deletedNow |= version.newest() && version.deletion();
    } else if (version.deletion()) {
      deletion = later(deletion, version);
    } else if (standing == null || later(standing, version).equals(version)) {
      before = standing;
      standing = version;
    } else {
      before = later(before, version);
    }
  }

  /// Of two of one time, which AWS tells in whole seconds, the one that the bucket shows now, or
  /// the one that was listed first.
  private static ObjectVersion later(@Nullable ObjectVersion one, ObjectVersion other) {
    if (one == null) {
      return other;
    }
    int order = one.written().compareTo(other.written());
    return order < 0 || (order == 0 && other.newest()) ? other : one;
  }

  ObjectKey key() {
    return key;
  }

  /// What the bucket showed at the instant. A deletion in the second of the last write counts only
  /// if nothing came after it.
  Optional<ObjectVersion> standing() {
    return Optional.ofNullable(standing).filter(version -> !isDeleted(version));
  }

  private boolean isDeleted(ObjectVersion version) {
    return deletion != null
        && (deletion.written().isAfter(version.written())
            || (deletion.written().equals(version.written()) && deletion.newest()));
  }

  /// Whether something had been written over another thing by then.
  boolean wasOverwritten() {
    return standing().isPresent() && before != null && !isDeleted(before);
  }

  /// When what stood then was written over or deleted.
  Optional<Instant> changed() {
    return standing().isPresent() ? Optional.ofNullable(changed) : Optional.empty();
  }

  /// Whether the bucket shows nothing any more, because it was deleted since.
  boolean isDeletedNow() {
    return deletedNow;
  }
}
