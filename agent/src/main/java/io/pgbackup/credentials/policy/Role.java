package io.pgbackup.credentials.policy;

import java.util.Locale;

/// What a credential is for; each role may do only what its work needs, inside one cluster's
/// folder.
public enum Role {
  /// The agent's: puts, reads and lists; deletes nothing.
  ARCHIVER,

  /// Of whoever applies the retention rules: reads, lists and deletes; puts only below a lineage's
  /// `pgbackup/`.
  RETENTION,

  /// Of a restore: reads and lists; puts only below a lineage's `pgbackup/leases/`.
  RESTORER;

  /// As it is written in documents and on the command line: `archiver`.
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
