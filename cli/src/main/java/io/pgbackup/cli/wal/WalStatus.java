package io.pgbackup.cli.wal;

/// What this process exits with. PostgreSQL takes 1 to 125 from a restore_command for the end of
/// WAL and promotes, and a JVM that cannot start exits with 1: so proven absence has a status that
/// nothing else gives, and the launcher alone turns it into 1.
enum WalStatus {
  DONE(0),
  /// Of `push`. Never above 125, upon which PostgreSQL's archiver would end itself.
  NOT_STORED(1),
  /// Of `fetch`: the store proved that it has no such file.
  ABSENT(74),
  /// Of `fetch`, and of everything that is neither: recovery stops instead of ending early.
  TROUBLE(126);

  private final int code;

  WalStatus(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
