package io.pgbackup.archive;

import io.pgbackup.engine.WalEngine;

/// Where WAL goes: the archive of one lineage and the fence before it. They belong together: what
/// one lineage's fence admitted must never reach another one's archive.
public record WalDestination(Admission admission, WalEngine engine) {}
