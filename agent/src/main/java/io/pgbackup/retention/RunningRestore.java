package io.pgbackup.retention;

import java.time.Instant;

/// A restore that reads this lineage now, by its lease.
///
/// @param holder as it called itself
/// @param expiresAt when its lease ends unless it is renewed
public record RunningRestore(String holder, Instant expiresAt) {}
