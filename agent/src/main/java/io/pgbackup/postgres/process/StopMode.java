package io.pgbackup.postgres.process;

/// How a server ends, with the modes of `pg_ctl stop`.
public enum StopMode {
  /// Sessions are ended and a checkpoint is written; a clean shutdown.
  FAST("INT"),
  /// At once, without a checkpoint; the next start recovers.
  IMMEDIATE("QUIT");

  private final String signal;

  StopMode(String signal) {
    this.signal = signal;
  }

  String signal() {
    return signal;
  }
}
