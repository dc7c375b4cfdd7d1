package io.pgbackup.postgres;

/// A server's version as `server_version_num` gives it: 150018 is 15.18. Supported: 14 and newer.
public record ServerVersion(int number) implements Comparable<ServerVersion> {
  public ServerVersion {
    if (number < 100000 || number > 999999) {
      throw new IllegalArgumentException(
          "a server version number looks like 150018, got " + number);
    }
  }

  public int major() {
    return number / 10000;
  }

  public int minor() {
    return number % 10000;
  }

  /// `pg_start_backup` became `pg_backup_start` in 15.
  public boolean namesBackupStartAndStop() {
    return major() >= 15;
  }

  @Override
  public int compareTo(ServerVersion other) {
    return Integer.compare(number, other.number);
  }

  @Override
  public String toString() {
    return major() + "." + minor();
  }
}
