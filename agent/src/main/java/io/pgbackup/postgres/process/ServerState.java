package io.pgbackup.postgres.process;

/// What a server says of itself in `postmaster.pid`.
public enum ServerState {
  /// Alive, and does not accept connections yet: it starts or recovers.
  STARTING,
  /// Accepts read-only connections while it recovers (hot standby).
  STANDBY,
  /// Accepts connections; recovery has ended.
  READY,
  STOPPING,
  /// No such process.
  GONE
}
