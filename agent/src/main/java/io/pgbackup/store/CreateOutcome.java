package io.pgbackup.store;

/// What became of a create-only write.
public sealed interface CreateOutcome {
  /// The object did not exist and now holds our bytes.
  record Created(StoredObject object) implements CreateOutcome {}

  /// An object of that name stood there already and was left alone. It may be ours, from an attempt
  /// whose answer was lost: only the plaintext digest tells (`object` comes from a HEAD, with its
  /// metadata).
  record AlreadyThere(StoredObject object) implements CreateOutcome {}
}
