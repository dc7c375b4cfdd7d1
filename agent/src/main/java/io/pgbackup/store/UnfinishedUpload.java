package io.pgbackup.store;

import java.time.Instant;

/// Parts of an object that nobody has completed: no listing of objects shows them, and they cost.
///
/// @param id by which the store knows it
/// @param begun by the store's clock
public record UnfinishedUpload(ObjectKey key, String id, Instant begun) {}
