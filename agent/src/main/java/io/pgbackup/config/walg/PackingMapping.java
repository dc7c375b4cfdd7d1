package io.pgbackup.config.walg;

import java.util.Locale;

/// How base backups and WAL are written.
record PackingMapping(WalgNames names, Mapping mapping) {
  void map() {
    names
        .general("WALG_COMPRESSION_METHOD")
        .ifPresent(
            method -> {
              mapping.set("PGBACKUP_WAL_COMPRESSION", method);
              mapping.set("PGBACKUP_BACKUP_COMPRESSION", method);
            });
    names
        .general("WALG_DELTA_MAX_STEPS")
        .ifPresent(steps -> mapping.set("PGBACKUP_BACKUP_DELTA_MAX_STEPS", steps));
    names
        .general("WALG_DELTA_ORIGIN")
        .ifPresent(
            origin ->
                mapping.set(
                    "PGBACKUP_BACKUP_DELTA_ORIGIN",
                    origin.toLowerCase(Locale.ROOT).replace('_', '-')));
  }
}
