package io.pgbackup.restore;

import java.time.Instant;

/// How far recovery goes.
public sealed interface RecoveryTarget {
  /// All commits up to and at this instant, none later.
  record AtTime(Instant instant) implements RecoveryTarget {}

  /// Everything that was archived.
  record Latest() implements RecoveryTarget {}
}
